"""A configuration tree as Debian's package `apache2` installs it: the real one, or one of the same kind."""

from __future__ import annotations

import shutil
from pathlib import Path

INSTALLED = Path("/etc/apache2")

MODULES = """
    access_compat alias auth_basic authn_core authn_file authz_core authz_host authz_user autoindex deflate
    dir env filter mime mpm_event negotiation reqtimeout setenvif status"""

MAIN = """
DefaultRuntimeDir ${APACHE_RUN_DIR}
PidFile ${APACHE_PID_FILE}
Timeout 300
KeepAlive On
MaxKeepAliveRequests 100
KeepAliveTimeout 5
User ${APACHE_RUN_USER}
Group ${APACHE_RUN_GROUP}
HostnameLookups Off
ErrorLog ${APACHE_LOG_DIR}/error.log
LogLevel warn
IncludeOptional mods-enabled/*.load
IncludeOptional mods-enabled/*.conf
Include ports.conf
<Directory />
    Options FollowSymLinks
    AllowOverride None
    Require all denied
</Directory>
<Directory /usr/share>
    AllowOverride None
    Require all granted
</Directory>
<Directory "@WWW@/">
    Options Indexes FollowSymLinks
    AllowOverride None
    Require all granted
</Directory>
AccessFileName .htaccess
<FilesMatch "^\\.ht">
    Require all denied
</FilesMatch>
LogFormat "%v:%p %h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" vhost_combined
LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined
LogFormat "%{Referer}i -> %U" referer
IncludeOptional conf-enabled/*.conf
IncludeOptional sites-enabled/*.conf
"""

PORTS = """
Listen 80
<IfModule ssl_module>
    Listen 443
</IfModule>
<IfModule mod_gnutls.c>
    Listen 443
</IfModule>
"""

SETTINGS = {
    "alias": 'Alias /icons/ "/usr/share/apache2/icons/"\n<Directory "/usr/share/apache2/icons">\n'
    "Options FollowSymlinks\nAllowOverride None\nRequire all granted\n</Directory>\n",
    "autoindex": "<IfModule mod_autoindex.c>\nIndexOptions FancyIndexing VersionSort HTMLTable NameWidth=*\n"
    "AddIcon /icons/binary.gif .bin .exe\nAddIconByType (TXT,/icons/text.gif) text/*\n"
    "DefaultIcon /icons/x.gif\n"
    "ReadmeName README.html\nHeaderName HEADER.html\nIndexIgnore .??* *~ RCS CVS\n</IfModule>\n",
    "deflate": "<IfModule mod_filter.c>\nAddOutputFilterByType DEFLATE text/html text/css\n</IfModule>\n",
    "dir": "DirectoryIndex index.html index.cgi index.htm\n",
    "mime": "TypesConfig /etc/mime.types\nAddType application/x-gzip .gz .tgz\nAddLanguage de .de\n"
    "RemoveType es\nAddLanguage es .es\nAddCharset us-ascii .ascii .us-ascii\n"
    "AddHandler type-map var\nAddType text/html .shtml\n",
    "mpm_event": "StartServers 2\nMinSpareThreads 25\nMaxSpareThreads 75\nThreadLimit 64\n"
    "ThreadsPerChild 25\n"
    "MaxRequestWorkers 150\nMaxConnectionsPerChild 0\n",
    "negotiation": "LanguagePriority en de\nForceLanguagePriority Prefer Fallback\n",
    "reqtimeout": "RequestReadTimeout header=20-40,minrate=500\nRequestReadTimeout body=10,minrate=500\n",
    "setenvif": 'BrowserMatch "Mozilla/2" nokeepalive\n'
    'BrowserMatch "^WebDAVFS/1\\.[012]" redirect-carefully\n'
    'BrowserMatch "MSIE 4\\.0b2;" nokeepalive downgrade-1.0 force-response-1.0\n',
    "status": "<IfModule mod_status.c>\n<Location /server-status>\nSetHandler server-status\nRequire local\n"
    "</Location>\nExtendedStatus On\n<IfModule mod_proxy.c>\nProxyStatus On\n</IfModule>\n</IfModule>\n",
}

CONF = {
    "charset": "",
    "other-vhosts-access-log": "CustomLog ${APACHE_LOG_DIR}/other_vhosts_access.log vhost_combined\n",
    "security": "ServerTokens OS\nServerSignature On\nTraceEnable Off\n",
    "serve-cgi-bin": "<IfModule mod_alias.c>\n<IfModule mod_cgid.c>\nDefine ENABLE_CGI_BIN\n</IfModule>\n"
    "<IfDefine ENABLE_CGI_BIN>\nScriptAlias /cgi-bin/ /usr/lib/cgi-bin/\n</IfDefine>\n</IfModule>\n",
}

SITE = """
<VirtualHost *:80>
    ServerAdmin webmaster@localhost
    DocumentRoot @WWW@/html
    ErrorLog ${APACHE_LOG_DIR}/error.log
    CustomLog ${APACHE_LOG_DIR}/access.log combined
</VirtualHost>
"""


def environment(directory: Path) -> dict[str, str]:
    """Return what Debian's `envvars` sets, with all places below `directory`."""
    return {
        "APACHE_RUN_USER": "www-data",
        "APACHE_RUN_GROUP": "www-data",
        "APACHE_PID_FILE": str(directory / "apache2.pid"),
        "APACHE_RUN_DIR": str(directory),
        "APACHE_LOCK_DIR": str(directory),
        "APACHE_LOG_DIR": str(directory),
    }


def write_tree(directory: Path) -> Path:
    """Write the tree, with a page, below `directory`; return its main file."""
    www, tree = directory / "www", directory / "apache2"
    (www / "html").mkdir(parents=True)
    (www / "html" / "index.html").write_text("It works")
    (www / "html" / ".htaccess").write_text("Nonsense that nobody reads\n")
    texts = {"apache2.conf": MAIN, "ports.conf": PORTS, "sites-enabled/000-default.conf": SITE}
    for name in MODULES.split():
        texts[f"mods-enabled/{name}.load"] = (
            f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
        )
    texts |= {f"mods-enabled/{name}.conf": text for name, text in SETTINGS.items()}
    texts |= {f"conf-enabled/{name}.conf": text for name, text in CONF.items()}
    for name, text in texts.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("@WWW@", str(www)))
    return tree / "apache2.conf"


def copy_installed(directory: Path) -> Path | None:
    """Copy the installed tree below `directory`; return its main file, None where there is none.

    Its document root is one below `directory` too, for the default one may be missing.
    """
    if not (INSTALLED / "apache2.conf").exists():
        return None
    www, tree = directory / "www", directory / "apache2"
    (www / "html").mkdir(parents=True)
    (www / "html" / "index.html").write_text("It works")
    shutil.copytree(INSTALLED, tree)
    for path in tree.rglob("*.conf"):
        path.write_text(path.read_text().replace("/var/www", str(www)))
    return tree / "apache2.conf"
