"""Every directive of httpd 2.4 and its bundled modules: what olexd says of those that no module here has.

Each group has a grade, an arity and contexts. Grades A and B are to be supported, C has no effect here,
R restricts access or protects the transport and so is never ignored. Contexts: s main server, v virtual host,
d section, h .htaccess. Sections stand in angle brackets.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from olexd.config.rows import Arity, Context

_ARITIES: Final = {
    "0": Arity.NONE,
    "1": Arity.ONE,
    "2": Arity.TWO,
    "3": Arity.THREE,
    "1-2": Arity.ONE_OR_TWO,
    "2-3": Arity.TWO_OR_THREE,
    "1-3": Arity.ONE_TO_THREE,
    "1+": Arity.ITERATE,
    "2+": Arity.ITERATE2,
    "flag": Arity.FLAG,
    "raw": Arity.RAW,
}
_CONTEXTS: Final = {
    "s": Context.SERVER,
    "v": Context.VHOST,
    "d": Context.DIRECTORY,
    "h": Context.HTACCESS,
}


@dataclass(frozen=True, slots=True)
class Known:
    """A directive that httpd has. `grade` is A, B, C or R."""

    name: str
    grade: str
    arity: Arity
    contexts: Context


@cache
def known_directives() -> dict[str, Known]:
    """Return all of httpd's directives by lower-case name."""
    result: dict[str, Known] = {}
    for line in _INVENTORY.splitlines():
        if line.endswith(":"):
            grade, arity, letters = line[:-1].split()
            contexts = Context(0)
            for letter in letters:
                contexts |= _CONTEXTS[letter]
        else:
            for name in line.split():
                result[name.lower()] = Known(name, grade, _ARITIES[arity], contexts)
    return result


_INVENTORY: Final = """\
A 1 dh:
    AuthGroupFile AuthName AuthType AuthUserFile Order Satisfy
A 1 s:
    Group PidFile ServerRoot ServerTokens TypesConfig User
A 1 sv:
    DocumentRoot ErrorLog KeepAliveTimeout LimitRequestFields LimitRequestFieldSize LimitRequestLine
    MaxKeepAliveRequests RemoteIPHeader ServerAdmin ServerName TimeOut TraceEnable
A 1 svd:
    Include IncludeOptional UseCanonicalName
A 1 svdh:
    AcceptPathInfo AddDefaultCharset ForceType LimitRequestBody PythonInterpreter PythonPath RewriteBase
    ServerSignature SetHandler SetInputFilter SetOutputFilter
A 1+ dh:
    AuthBasicProvider
A 1+ sv:
    RemoteIPInternalProxy RemoteIPTrustedProxy
A 1+ svd:
    LogLevel
A 1+ svdh:
    PassEnv RemoveHandler UnsetEnv
A 1-2 sv:
    LogFormat
A 1-2 svd:
    Alias Define PythonInputFilter PythonOutputFilter
A 1-2 svdh:
    PythonOption SetEnv
A 1-3 svdh:
    <IfVersion> Redirect
A 2 sv:
    AliasMatch LoadModule PythonImport
A 2 svdh:
    ErrorDocument RedirectPermanent RedirectTemp
A 2+ dh:
    Allow Deny
A 2+ svdh:
    AddCharset AddEncoding AddHandler AddInputFilter AddLanguage AddOutputFilter AddType
A 2-3 sv:
    CustomLog
A 2-3 svdh:
    RedirectMatch
A flag dh:
    AuthBasicAuthoritative
A flag sv:
    KeepAlive
A flag svdh:
    DirectorySlash PythonAutoReload PythonDebug PythonInterpPerDirective PythonInterpPerDirectory
    RewriteEngine
A raw d:
    AllowOverride
A raw dh:
    <Limit> <LimitExcept> <RequireAll> <RequireAny> <RequireNone> Require
A raw s:
    <VirtualHost> Listen
A raw sv:
    <Directory> <DirectoryMatch> <Location> <LocationMatch> AccessFileName PythonConnectionHandler
    PythonPostReadRequestHandler PythonTransHandler ServerAlias
A raw svdh:
    <Files> <FilesMatch> <IfDefine> <IfModule> BrowserMatch BrowserMatchNoCase DirectoryIndex Header
    Options PythonAccessHandler PythonAuthenHandler PythonAuthzHandler PythonCleanupHandler
    PythonFixupHandler PythonHandler PythonHandlerModule PythonHeaderParserHandler PythonInitHandler
    PythonLogHandler PythonTypeHandler RequestHeader RewriteCond RewriteRule SetEnvIf SetEnvIfNoCase
B 0 dh:
    SSLRequireSSL
B 1 dh:
    AuthBasicUseDigestAlgorithm AuthDBMGroupFile AuthDBMType AuthDBMUserFile AuthDigestAlgorithm
    AuthDigestNonceLifetime AuthMerging AuthzDBMType
B 1 s:
    GracefulShutdownTimeout ListenBackLog MaxClients MaxConnectionsPerChild MaxRequestsPerChild
    MaxRequestWorkers ServerLimit StartServers ThreadsPerChild
B 1 sv:
    AllowEncodedSlashes ProxyTimeout ProxyVia RemoteIPInternalProxyList RemoteIPProxiesHeader
    RemoteIPTrustedProxyList SSIEndTag SSIStartTag SSLCertificateChainFile SSLCertificateFile
    SSLCertificateKeyFile SSLEngine TransferLog
B 1 svd:
    HostnameLookups MaxRangeOverlaps MaxRangeReversals MaxRanges UnDefine UseCanonicalPhysicalPort
B 1 svdh:
    DefaultLanguage DirectoryIndexRedirect ExpiresDefault FallbackResource SSIErrorMsg SSITimeFormat
    SSIUndefinedEcho SSLCACertificateFile SSLCACertificatePath SSLUserName SSLVerifyClient SSLVerifyDepth
    UndefMacro XBitHack
B 1+ dh:
    Anonymous AuthDigestDomain AuthDigestProvider AuthDigestQop
B 1+ s:
    RegisterHttpMethod
B 1+ sv:
    HttpProtocolOptions
B 1+ svd:
    ProxyErrorOverride
B 1+ svdh:
    RemoveCharset RemoveEncoding RemoveInputFilter RemoveLanguage RemoveOutputFilter RemoveType
    RewriteOptions
B 1-2 dh:
    AuthBasicFake
B 1-2 sv:
    ErrorLogFormat LimitInternalRecursion
B 1-2 svd:
    ScriptAlias
B 1-2 svdh:
    SSLCipherSuite
B 1-3 svd:
    ProxyPassReverse
B 2 sv:
    ScriptAliasMatch
B 2 svdh:
    CGIVar ExpiresByType
B 2-3 s:
    GlobalLog
B 2-3 sv:
    RewriteMap
B 2-3 svd:
    ProxyPassReverseCookieDomain ProxyPassReverseCookiePath
B flag d:
    ModMimeUsePathInfo
B flag dh:
    Anonymous_LogEmail Anonymous_MustGiveEmail Anonymous_NoUserID Anonymous_VerifyEmail
    AuthzSendForbiddenOnFailure CGIPassAuth SSIETag SSILastModified SSILegacyExprParser
B flag sv:
    MergeSlashes MergeTrailers ProxyRequests PythonOptimize RemoteIPProxyProtocol SSLHonorCipherOrder
    StrictHostCheck
B flag svd:
    ProxyAddHeaders ProxyPreserveHost
B flag svdh:
    AliasPreservePath DirectoryCheckHandler ExpiresActive LogIOTrackTTFB PythonEnablePdb
    QualifyRedirectURL RedirectRelative
B raw d:
    AllowMethods AllowOverrideList
B raw dh:
    SSLRequire
B raw s:
    <AuthnProviderAlias> <AuthzProviderAlias> RegexDefaultOptions
B raw sv:
    <Proxy> <ProxyMatch> RemoteIPProxyProtocolExceptions RequestReadTimeout SSLProtocol
B raw svd:
    ProxyPass ProxyPassMatch
B raw svdh:
    <Else> <ElseIf> <If> <IfDirective> <IfFile> <IfSection> <Macro> AddOutputFilterByType Error FileETag
    SetEnvIfExpr SSLOptions Use
C 0 svdh:
    MacroIgnoreBadNesting MacroIgnoreEmptyArgs
C 1 d:
    BufferSize Dav DavBasePath InputSed KeptBodySize OutputSed
C 1 dh:
    LDAPReferralHopLimit LDAPReferrals
C 1 s:
    AsyncRequestWorkerFactor CoreDumpDirectory DefaultRuntimeDir EnableExceptionHook H2MaxHeaderBlockLen
    H2MaxWorkerIdleSeconds H2MaxWorkers H2MinWorkers HeartbeatAddress HeartbeatListen HeartbeatMaxServers
    HeartbeatStorage LDAPCacheEntries LDAPCacheTTL LDAPConnectionTimeout LDAPLibraryDebug
    LDAPOpCacheEntries LDAPOpCacheTTL LDAPRetries LDAPRetryDelay LDAPSharedCacheFile LDAPSharedCacheSize
    LDAPTimeout ListenCoresBucketsRatio ListenTCPDeferAccept MaxMemFree MaxSpareServers MaxSpareThreads
    MDActivationDelay MDBaseServer MDCertificateAgreement MDCertificateFile MDCertificateKeyFile
    MDCertificateProtocol MDCertificateStatus MDChallengeDns01Version MDContactEmail MDDriveMode
    MDHttpProxy MDMatchNames MDMustStaple MDRenewMode MDRenewWindow MDRetryDelay MDRetryFailover
    MDServerStatus MDStapleOthers MDStapling MDStaplingKeepResponse MDStaplingRenewWindow MDStoreDir
    MDStoreLocks MDWarnWindow MinSpareServers MinSpareThreads NameVirtualHost ProxyHCTPsize
    ReceiveBufferSize ScoreBoardFile ScriptSock SendBufferSize StartThreads ThreadLimit ThreadStackSize
    WatchdogInterval
C 1 sv:
    BalancerGrowth BrotliAlterETag BrotliCompressionMaxInputBlock BrotliCompressionQuality
    BrotliCompressionWindow CacheDirLength CacheDirLevels CacheKeyBaseURL CacheLockMaxAge CacheLockPath
    CacheRoot CacheSocache DavLockDB DBDExptime DBDInitSQL DBDKeep DBDMax DBDMin DBDParams DBDriver
    DeflateAlterETag DeflateBufferSize DeflateCompressionLevel DeflateMemLevel DeflateWindowSize
    FlushMaxPipelined FlushMaxThreshold ForensicLog GprofDir H2Direct H2EarlyHints H2MaxDataFrameLen
    H2MaxSessionStreams H2MaxStreamErrors H2ModernTLSOnly H2OutputBuffering H2Padding H2PushDiarySize
    H2SerializeHeaders H2SessionExtraFiles H2StreamMaxMemSize H2StreamTimeout H2TLSCoolDownSecs
    H2TLSWarmUpSize H2WebSockets H2WindowSize LDAPConnectionPoolTTL LDAPTrustedMode MDCACertificateFile
    MDCheckInterval MDHttpProxyCACertificateFile MDInitialDelay MDProfile MDProfileMandatory MDRenewViaARI
    MemcacheConnTTL MimeMagicFile Protocol ProtocolsHonorOrder ProxyBadHeader ProxyDomain
    ProxyIOBufferSize ProxyMaxForwards ProxyReceiveBufferSize ProxySourceAddress ProxyStatus
    RedisConnPoolTTL RedisTimeout ScriptLog ScriptLogBuffer ScriptLogLength ServerPath VirtualDocumentRoot
    VirtualDocumentRootIP VirtualScriptAlias VirtualScriptAliasIP
C 1 svd:
    CacheDefaultExpire CacheDisable CacheLastModifiedFactor CacheMaxExpire CacheMaxFileSize CacheMinExpire
    CacheMinFileSize CacheReadSize CacheReadTime CGIDScriptTimeout DavGenericLockDB DavMinTimeout
    IdentityCheckTimeout ProxyFtpDirCharset ProxyHTMLBufSize ProxyHTMLCharsetOut ProxySCGIInternalRedirect
    ProxySCGISendfile ReadBufferSize
C 1 svdh:
    CacheSocacheMaxSize CacheSocacheMaxTime CacheSocacheMinTime CacheSocacheReadSize CacheSocacheReadTime
    CGIScriptTimeout CharsetDefault CharsetSourceEnc CookieDomain CookieExpires CookieName CookieSameSite
    CookieStyle DefaultIcon DefaultType DeflateInflateLimitRequestBody DeflateInflateRatioBurst
    DeflateInflateRatioLimit EnableMMAP EnableSendfile H2CopyFiles H2ProxyRequests H2Push H2Upgrade
    HeaderName ImapBase ImapDefault ImapMenu IndexHeadInsert IndexStyleSheet LimitXMLRequestBody MetaDir
    MetaSuffix ProxyExpressDBMFile ProxyExpressDBMType ProxyFCGIBackendType ReadmeName
    ScriptInterpreterSource Substitute SubstituteMaxLineLength xml2EncDefault
C 1+ d:
    ExtFilterOptions
C 1+ s:
    CacheFile MMapFile
C 1+ sv:
    CacheIgnoreHeaders CacheIgnoreURLSessionIdentifiers LoadFile Protocols
C 1+ svd:
    ProxyHTMLEvents ProxyHTMLFixups
C 1+ svdh:
    CharsetOptions FilterChain ForceLanguagePriority IndexIgnore LanguagePriority MultiviewsMatch
    xml2StartParse
C 1-2 s:
    MDExternalAccountBinding MDPortMap
C 1-2 sv:
    BrotliFilterNote DBDPrepareSQL DeflateFilterNote
C 1-2 svd:
    CacheEnable ProxyHTMLDocType
C 1-2 svdh:
    FilterDeclare ReflectorHeader RLimitCPU RLimitMEM RLimitNPROC
C 1-3 svd:
    LogMessage
C 1-3 svdh:
    H2PushResource
C 2 s:
    AcceptFilter MDCertificateCheck
C 2 sv:
    AddModuleInfo
C 2 svd:
    FilterTrace Script
C 2 svdh:
    H2EarlyHint IndexOrderDefault
C 2+ s:
    xml2EncAlias
C 2+ svd:
    ProxyHTMLLinks
C 2+ svdh:
    AddAlt AddAltByEncoding AddAltByType AddDescription AddIcon AddIconByEncoding AddIconByType
C 2-3 dh:
    LDAPTrustedClientCert
C 2-3 s:
    LDAPTrustedGlobalCert
C 2-3 sv:
    H2PushPriority ProxyRemote ProxyRemoteMatch
C 2-3 svdh:
    Action FilterProtocol ProxyFCGISetEnvIf
C 3 svdh:
    FilterProvider
C flag s:
    BufferedLogs DumpIOInput DumpIOOutput ExtendedStatus LDAPVerifyServerCert SeeRequestTail Suexec
C flag sv:
    BalancerInherit BalancerPersist CacheIgnoreCacheControl CacheIgnoreQueryString CacheLock
    CacheNegotiatedDocs CacheQuickHandler DBDPersist ProtocolEcho ProxyPassInherit
C flag svd:
    CacheDetailHeader CacheHeader CacheIgnoreNoLastMod CacheStaleOnError CacheStoreExpired
    CacheStoreNoStore CacheStorePrivate DavDepthInfinity DavLockDiscovery IdentityCheck Proxy100Continue
    ProxyFtpEscapeWildcards ProxyFtpListOnWildcard ProxyHTMLEnable ProxyHTMLExtended ProxyHTMLInterp
    ProxyHTMLMeta ProxyHTMLStripComments ProxyPassInterpolateEnv ProxyWebsocketFallbackToProxyHttp
C flag svdh:
    CheckBasenameMatch CheckCaseOnly CheckSpelling ContentDigest CookieHTTPOnly CookieSecure
    CookieTracking IndexIgnoreReset MetaFiles ProxyExpressEnable SubstituteInheritBefore
C raw s:
    <MDomainSet> ExtFilterDefine MDCAChallenges MDCertificateAuthority MDChallengeDns01 MDMember MDMembers
    MDMessageCmd MDNotifyCmd MDomain MDPrivateKeys Mutex UserDir
C raw sv:
    <MDomain>
C raw svd:
    BalancerMember ProxyHTMLURLMap ProxySet
C raw svdh:
    FancyIndexing IndexOptions ProxyHCExpr ProxyHCTemplate
R 0 s:
    AuthnCacheEnable
R 1 d:
    AuthDBDUserPWQuery AuthDBDUserRealmQuery AuthFormSize AuthnCacheContext AuthzDBDQuery
    AuthzDBDRedirectQuery ModemStandard
R 1 dh:
    AuthFormBody AuthFormLocation AuthFormLoginRequiredLocation AuthFormLoginSuccessLocation
    AuthFormLogoutLocation AuthFormMethod AuthFormMimetype AuthFormPassword AuthFormSitePassphrase
    AuthFormUsername AuthLDAPAuthorizePrefix AuthLDAPBindDN AuthLDAPBindPassword
    AuthLDAPDereferenceAliases AuthLDAPMaxSubGroupDepth AuthLDAPRemoteUserAttribute AuthnCacheTimeout
    SSLRenegBufferSize
R 1 s:
    AuthDigestShmemSize AuthLDAPCharsetConfig AuthnCacheSOCache ChrootDir SSLCryptoDevice
    SSLPassPhraseDialog SSLSessionCache SSLStaplingCache
R 1 sv:
    SSLCADNRequestFile SSLCADNRequestPath SSLCARevocationFile SSLCARevocationPath SSLOCSPDefaultResponder
    SSLOCSPProxyURL SSLOCSPResponderCertificateFile SSLOCSPResponderTimeout SSLOCSPResponseMaxAge
    SSLOCSPResponseTimeSkew SSLProxyCACertificateFile SSLProxyCACertificatePath SSLProxyCARevocationFile
    SSLProxyCARevocationPath SSLProxyMachineCertificateChainFile SSLProxyMachineCertificateFile
    SSLProxyMachineCertificatePath SSLProxyVerify SSLProxyVerifyDepth SSLSessionCacheTimeout
    SSLSessionTicketKeyFile SSLSRPUnknownUserSeed SSLSRPVerifierFile SSLStaplingErrorCacheTimeout
    SSLStaplingForceURL SSLStaplingResponderTimeout SSLStaplingResponseMaxAge SSLStaplingResponseTimeSkew
    SSLStaplingStandardCacheTimeout SSLVHostSNIPolicy
R 1 svd:
    SessionCryptoPassphraseFile
R 1 svdh:
    LuaCodeCache LuaInherit LuaPackageCPath LuaPackagePath LuaRoot MDRequireHttps SessionCryptoCipher
    SessionDBDDeleteLabel SessionDBDInsertLabel SessionDBDSelectLabel SessionDBDUpdateLabel SessionExclude
    SessionExpiryUpdateInterval SessionHeader SessionInclude SessionMaxAge
R 1+ dh:
    AuthFormProvider AuthLDAPGroupAttribute AuthLDAPSubGroupAttribute AuthLDAPSubGroupClass
    AuthnCacheProvideFor
R 1+ sv:
    AllowCONNECT NoProxy ProxyBlock
R 1+ svdh:
    SessionCryptoPassphrase
R 1-2 sv:
    SSLProxyCipherSuite
R 1-2 svd:
    AuthLDAPURL
R 1-3 svdh:
    LuaScope
R 2 dh:
    AuthLDAPInitialBindPattern
R 2 sv:
    SSLOpenSSLConfCmd SuexecUserGroup
R 2 svdh:
    LuaHookFixups LuaHookInsertFilter LuaHookLog LuaHookMapToStorage LuaHookPreTranslateName
    LuaHookTypeChecker LuaQuickHandler
R 2-3 s:
    SSLRandomSeed
R 2-3 svdh:
    LuaHookAccessChecker LuaHookAuthChecker LuaHookCheckUserID LuaHookTranslateName LuaMapHandler
R 3 s:
    LuaAuthzProvider
R 3 svdh:
    LuaInputFilter LuaOutputFilter
R flag d:
    AuthzDBDLoginToReferer
R flag dh:
    AuthDigestNcCheck AuthFormAuthoritative AuthFormDisableNoStore AuthFormFakeBasicAuth
    AuthLDAPBindAuthoritative AuthLDAPCompareAsUser AuthLDAPCompareDNOnServer AuthLDAPGroupAttributeIsDN
    AuthLDAPInitialBindAsUser AuthLDAPRemoteUserIsDN AuthLDAPSearchAsUser
R flag s:
    SSLFIPS
R flag sv:
    SSLCompression SSLInsecureRenegotiation SSLOCSPNoverify SSLOCSPOverrideResponder
    SSLOCSPUseRequestNonce SSLProxyCheckPeerCN SSLProxyCheckPeerExpire SSLProxyCheckPeerName
    SSLProxyEngine SSLSessionTickets SSLStaplingFakeTryLater SSLStaplingReturnResponderErrors
    SSLStrictSNIVHostCheck SSLUseStapling
R flag svdh:
    Session SessionCookieRemove SessionDBDCookieRemove SessionDBDPerUser SessionEnv
R raw s:
    AuthnzFcgiDefineProvider SessionCryptoDriver
R raw sv:
    SSLCARevocationCheck SSLOCSPEnable SSLProxyCARevocationCheck SSLProxyProtocol
R raw svdh:
    <LuaHookAccessChecker> <LuaHookAuthChecker> <LuaHookCheckUserID> <LuaHookFixups> <LuaHookMapToStorage>
    <LuaHookTranslateName> <LuaHookTypeChecker> <LuaQuickHandler> AuthnzFcgiCheckAuthnProvider
    SessionCookieName SessionCookieName2 SessionDBDCookieName SessionDBDCookieName2 SSLLog SSLLogLevel
"""
