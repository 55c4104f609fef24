# Makes the folders of a target.
# ready.sh ROOT
set -eu
root=$1
for program in flock rsync; do
    command -v "$program" >/dev/null || { echo "$program is missing on this machine" >&2; exit 1; }
done
mkdir -p "$root/trees" "$root/incoming" "$root/retired"
