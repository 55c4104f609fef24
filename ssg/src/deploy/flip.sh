# Shows a complete tree to visitors, or none. One rename, so that every request finds one of them.
# flip.sh ROOT TREE|-
set -eu
root=$1 tree=$2
exec 9>"$root/lock"
flock -w 60 9 || { echo "another deployment holds $root/lock" >&2; exit 1; }
if [ -e "$root/current" ] && [ ! -L "$root/current" ]; then
    echo "$root/current is no link of ours: move it away" >&2
    exit 1
fi
if [ "$tree" = - ]; then
    rm -f "$root/current"
else
    [ -f "$root/trees/$tree.release" ] || { echo "trees/$tree is not complete" >&2; exit 1; }
    rm -f "$root/current.new"
    ln -s "trees/$tree" "$root/current.new"
    mv -T "$root/current.new" "$root/current"
fi
sync -f "$root" 2>/dev/null || sync
