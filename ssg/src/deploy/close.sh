# Declares a tree complete. Assets that are about to leave the site stay for pages that are open.
# close.sh ROOT TREE LIVE MARKER…
set -eu
root=$1 tree=$2 live=$3
shift 3
exec 9>"$root/lock"
flock -w 60 9 || { echo "another deployment holds $root/lock" >&2; exit 1; }
if [ "$live" != - ] && [ -s "$root/incoming/leaving" ]; then
    cd "$root/trees/$live"
    xargs -0 -r sh -c '
        retired=$1
        shift
        for file; do
            [ -f "$file" ] && [ ! -e "$retired/$file" ] || continue
            mkdir -p "$(dirname "$retired/$file")"
            ln "$file" "$retired/$file"
        done
    ' - "$root/retired" <"$root/incoming/leaving"
fi
find "$root/retired" -type f -ctime +30 -delete
sync -f "$root" 2>/dev/null || sync
printf '%s\n' "$*" >"$root/trees/$tree.new"
mv "$root/trees/$tree.new" "$root/trees/$tree.release"
sync -f "$root" 2>/dev/null || sync
