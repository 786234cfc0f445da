#!/usr/bin/env bash
# Installs the Debian package in a bare Debian, uses it there as a new user, and removes it again.
# Usage, as root on a Debian: packaging/linux/try_deb.sh PACKAGE.deb [SHOT.png]
# Needs the packages mmdebstrap, xvfb, xdotool, x11-apps and imagemagick. Nothing is left behind.
set -euo pipefail
deb=$(realpath "$1")
shot=${2:+$(realpath "$2")}
suite=${SUITE:-bookworm}
for tool in mmdebstrap Xvfb xdotool xwd convert unshare; do
  command -v "$tool" > /dev/null || { echo "Install $tool first." >&2; exit 1; }
done
if [ -z "${OPQN_ALONE:-}" ]; then # mounts and processes of the test end with it
  exec env OPQN_ALONE=1 unshare --mount --pid --fork --kill-child "$0" "$@"
fi
room=$(mktemp -d)
root=$room/root
leave() {
  umount -R "$root/proc" "$root/sys" "$root/dev" 2> /dev/null || true
  rm -rf --one-file-system "$room"
}
trap leave EXIT
start=$SECONDS
say() { echo "[$((SECONDS - start)) s] $*"; }

if [ -n "${ROOT_TAR:-}" ]; then
  mkdir "$root" && tar -xf "$ROOT_TAR" -C "$root"
else
  mmdebstrap --quiet --variant=minbase "$suite" "$root"
fi
say "A bare $suite has $(chroot "$root" dpkg-query --show | wc -l) packages."
cp /etc/resolv.conf "$root/etc/"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t sysfs -o ro sys "$root/sys"
cp "$deb" "$root/tmp/opqn.deb"
in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
in_root apt-get -qq update
in_root apt-get -qq install -y --no-install-recommends /tmp/opqn.deb > "$room/apt.log" 2>&1 ||
  { cat "$room/apt.log"; exit 1; }
say "apt-get installed the package and what it depends on; the root has $(du -sm --exclude="$root/proc" --exclude="$root/sys" --exclude="$root/dev" "$root" | cut -f1) MB."

home=/home/anna
in_root useradd --create-home --home-dir "$home" --shell /bin/sh anna
as_user() {
  chroot --userspec=anna:anna "$root" env -i HOME="$home" PATH=/usr/bin:/bin LANG=C.UTF-8 DISPLAY=:78 "$@"
}
sample=/usr/lib/opqn-photo-search/lib/opqn_app/resources/sample
as_user mkdir "$home/Pictures"
as_user cp -r "$sample/photos/Birthday" "$home/Pictures/"
query=$(as_user sh -c "ls $sample/queries/* | head -n 1")

as_user opqn index "$home/Pictures" 2> "$room/index.log" || { cat "$room/index.log"; exit 1; }
say "$(grep -o 'Indexed.*' "$room/index.log")"
as_user opqn search "$query" --json > "$room/search.json"
grep -q '"photo"\|"path"' "$room/search.json" || { cat "$room/search.json"; exit 1; }
say "A search answered."
photo=$(as_user sh -c "ls $home/Pictures/Birthday/*.jpg | head -n 1")
as_user opqn name "$photo#1" Anna > "$room/name.log" 2>&1 || { cat "$room/name.log"; exit 1; }
as_user opqn people --json | grep -q '"Anna"'
say "A person was named."
as_user opqn verify > "$room/verify.log" 2>&1 || { cat "$room/verify.log"; exit 1; }
say "opqn verify passed: the self-test in processes of its own."

Xvfb :78 -screen 0 1280x800x24 -ac > /dev/null 2>&1 &
export DISPLAY=:78
for _ in $(seq 100); do xdotool getdisplaygeometry > /dev/null 2>&1 && break; sleep 0.1; done
as_user opqn gui --time-to-window 2> /dev/null > /dev/null # the first start fills caches
say "The window took $(as_user opqn gui --time-to-window 2>&1 | tail -n 1) ms to its first picture."
as_user opqn gui --find "$query" > "$room/gui.log" 2>&1 &
window=""
for _ in $(seq 300); do
  window=$(xdotool search --onlyvisible --name 'OPQN' 2> /dev/null | tail -n 1) && [ -n "$window" ] && break
  sleep 0.2
done
[ -n "$window" ] || { cat "$room/gui.log"; exit 1; }
named=no
for _ in $(seq 60); do # the search takes a moment; then the best face has the keyboard
  xdotool windowfocus "$window" key --clearmodifiers n
  sleep 0.5
  xdotool type --delay 40 Ben
  xdotool key Return
  sleep 1
  if as_user opqn people --json 2> /dev/null | grep -q '"Ben"'; then named=yes; break; fi
  xdotool key Escape
  sleep 1
done
if [ -n "$shot" ]; then xwd -silent -root | convert xwd:- "$shot"; fi
[ "$named" = yes ] || { echo "Nobody could be named in the window." >&2; cat "$room/gui.log"; exit 1; }
say "In the window a person was found and named."
xdotool windowclose "$window" 2> /dev/null || true
wait %2 2> /dev/null || true
for _ in $(seq 100); do pgrep -f "opqn gui --find" > /dev/null || break; sleep 0.2; done
say "The window closed."

in_root dpkg --remove opqn-photo-search > /dev/null
left=$(find "$root/usr" -path '*opqn*' -not -path '*/info/*' | head -n 5)
[ -z "$left" ] || { echo "Removing left: $left" >&2; exit 1; }
[ -s "$root$home/.local/share/opqn-photo-search/library.sqlite" ]
say "The package was removed; the user's library stayed."
