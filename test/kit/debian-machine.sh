# A Debian machine for a test: the host's own files under an overlay, namespaces of its own, and the real systemd. All of it ends
# with the process that starts it. $1: start, boot or clean; $2: a directory of the test's own;
# $3: its name, where it starts.
set -eu
stage=$1 home=$2
group=$(basename "$home")
mount --make-rprivate /

case $stage in
start | clean)
  # A control group of its own, which is the root of all others in the machine.
  mount -t cgroup2 none "$home"
  if [ "$stage" = clean ]; then
    exec find "$home/$group" -depth -type d -exec rmdir {} +
  fi
  mkdir "$home/$group"
  echo $$ >"$home/$group/cgroup.procs"
  umount "$home"
  exec unshare --mount --pid --fork --kill-child --net --uts --ipc --cgroup sh "$0" boot "$home" "$3"
  ;;
esac

mount -t tmpfs -o size=2g none "$home"
mkdir "$home/upper" "$home/work" "$home/root"
mount -t overlay -o "lowerdir=/,upperdir=$home/upper,workdir=$home/work" none "$home/root"
cd "$home/root"
mount -t proc none proc
mount -t sysfs none sys
mount -t cgroup2 none sys/fs/cgroup
mount -t tmpfs -o mode=755 none run
mount -t tmpfs none tmp
mount -t tmpfs -o mode=755 none dev
for name in null zero full random urandom tty; do
  touch "dev/$name"
  mount --bind "/dev/$name" "dev/$name"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 none dev/pts
ln -s pts/ptmx dev/ptmx
# What of the host is none of this machine's: its services, its name, that packages may start nothing.
rm -rf etc/systemd/system/*.wants etc/machine-id usr/sbin/policy-rc.d
tr -d - <proc/sys/kernel/random/uuid >etc/machine-id
# An index of all manual pages takes longer than everything else.
rm -f var/lib/man-db/auto-update
echo "$3" >etc/hostname
printf '[Unit]\nWants=systemd-journald.service\n' >etc/systemd/system/machine.target
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  chroot . /lib/systemd/systemd --system --unit=machine.target --log-target=console --show-status=no
