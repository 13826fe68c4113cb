#!/usr/bin/env bash
# Programs of docs/operating.md that would change the machine, kept within the folder $MACHINE: called by their names.
# Where the real one can be told to work there it does; what it would do to the machine is done to files there, and an
# option that the real one does not know is refused.
set -euo pipefail
name=${0##*/}

real() { PATH=${PATH#*:} command "$name" "$@"; }
fail() { echo "$name: $*" >&2; exit 1; }
user() { grep -q "^${1%%:*}:" "$MACHINE/etc/passwd" || fail "there is no user $1"; }

# Whether the program, where it is installed, speaks of each of these in its help.
known() {
    local help word
    PATH=${PATH#*:}:/usr/sbin:/sbin command -v "$name" >/dev/null || return 0
    help=$(PATH=${PATH#*:}:/usr/sbin:/sbin command "$name" --help 2>&1)
    for word in "$@"; do grep -qw -e "$word" <<<"$help" || fail "does not know $word"; done
}

case $name in
sudo)
    if [ "$1" = -u ]; then user "$2"; shift 2; fi
    exec "$@"
    ;;
useradd)
    known --system --home-dir --shell
    [ "$1 $2 $4" = "--system --home-dir --shell" ] || fail "called otherwise than known: $*"
    echo "$6:x:900:900::$3:$5" >>"$MACHINE/etc/passwd"
    ;;
install)
    [ "$1 $2 $4" = "-d -o -g" ] || fail "called otherwise than known: $*"
    user "$3" && user "$5"
    real -d "${@:6}"
    ;;
chown) user "$1" && test -e "$2" ;;
make)
    [ "$*" = setup ] || real "$@"
    real --dry-run setup >/dev/null
    ln -sfn "$VENV" .venv
    ;;
systemctl)
    [ "$*" = daemon-reload ] && exit 0
    [ "$1 $2" = "enable --now" ] || fail "called otherwise than known: $*"
    real --root="$MACHINE" enable "$3"
    ;;
systemd-analyze) real security --offline=true --no-pager "$MACHINE/etc/systemd/system/$2.service" ;;
journalctl)
    known -u -f
    [ -e "$MACHINE/etc/systemd/system/$2.service" ] || fail "there is no unit $2"
    ;;
cryptsetup)
    known luksFormat open
    [ -e "$2" ] || fail "there is no $2"
    if [ "$1" = open ]; then grep -q LUKS "$2" && truncate --size 8M "$MACHINE/dev/mapper/$3"; else echo LUKS >"$2"; fi
    ;;
mkfs.ext4) PATH=${PATH#*:}:/usr/sbin:/sbin command mkfs.ext4 -q "$@" ;;
mount)
    known -o
    [ "$1" = -o ] && [ -d "$4" ] || fail "called otherwise than known: $*"
    dd if="$3" bs=1 skip=1080 count=2 status=none | od -An -tx1 | grep -q "53 ef" || fail "$3 holds no file system"
    echo "$3 $4 $2" >>"$MACHINE/etc/mtab"
    ;;
date) if [ "$*" = +%F ]; then echo 2026-11-24; else real "$@"; fi ;;
*) fail "nobody stands in for it" ;;
esac
