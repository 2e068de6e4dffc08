#!/bin/sh
printf 'Status: 303 See Other\r\nLocation: http://%s/viewvc%s\r\n\r\n' "$HTTP_HOST" "$PATH_INFO"
