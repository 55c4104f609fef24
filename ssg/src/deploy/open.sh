# Opens a tree for changes and takes away what leaves it. From here on nobody takes the tree
# for a complete one.
# open.sh ROOT TREE
set -eu
root=$1 tree=$2
exec 9>"$root/lock"
flock -w 60 9 || { echo "another deployment holds $root/lock" >&2; exit 1; }
case $(readlink "$root/current" 2>/dev/null || true) in
    "trees/$tree") echo "trees/$tree is what visitors see" >&2; exit 1 ;;
esac
rm -f "$root/trees/$tree.release"
mkdir -p "$root/trees/$tree"
cd "$root/trees/$tree"
if [ -s "$root/incoming/gone" ]; then
    xargs -0 -r rm -f -- <"$root/incoming/gone"
    find . -mindepth 1 -depth -type d -empty -delete
fi
