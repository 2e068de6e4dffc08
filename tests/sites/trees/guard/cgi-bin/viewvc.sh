#!/bin/sh
printf 'Content-Type: text/plain\r\nX-Repositories: %s\r\n\r\n' "$VIEWVC_USER"
echo "script $SCRIPT_NAME path $PATH_INFO query $QUERY_STRING"
echo "method $REQUEST_METHOD user $REMOTE_USER type $AUTH_TYPE root ${VIEWVC_ROOT:+set}"
[ "$CONTENT_LENGTH" ] && cat
exit 0
