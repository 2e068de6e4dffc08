#!/bin/sh
printf 'Location: /files/open/readme.txt\r\n\r\n'
