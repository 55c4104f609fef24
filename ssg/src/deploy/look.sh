# What a target shows and has. Changes nothing.
# look.sh ROOT
root=$1
printf 'current %s\n' "$(readlink "$root/current" 2>/dev/null || true)"
for tree in a b; do
    printf '%s %s\n' "$tree" "$(cat "$root/trees/$tree.release" 2>/dev/null || true)"
done
