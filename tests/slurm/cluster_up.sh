#!/usr/bin/env bash
# Brings up a real Slurm of one node (slurmctld, slurmd, munge) for the tests: Debian or Ubuntu, as root, without
# systemd, cgroups or an accounting database. A second call only checks, and starts again what has died.
#
# The node declares more CPUs, memory and GPUs than the machine has, so that the requests of slurm/config.yaml fit on a
# small test machine unchanged. Packages that had to be installed are noted and purged again by cluster_down.sh.
#   TEST_CLUSTER_CPUS=32  TEST_CLUSTER_MEM_MB=256000  TEST_CLUSTER_GPUS=2
set -euo pipefail

MARK='written by tests/slurm/cluster_up.sh'
CONF=/etc/slurm/slurm.conf
INSTALLED=/var/lib/tprogi-test-cluster.packages
HOST=$(hostname -s)
CPUS=${TEST_CLUSTER_CPUS:-32}
MEM=${TEST_CLUSTER_MEM_MB:-256000}
GPUS=${TEST_CLUSTER_GPUS:-2}

stop() { echo "cluster_up: $*" >&2; exit 1; }
[[ $EUID -eq 0 ]] || stop "installing and starting Slurm needs root; run the test in a container or a virtual machine"
command -v apt-get >/dev/null || stop "this script installs Slurm with apt-get, which is not here; run it on Debian or Ubuntu"
if [[ -s $CONF ]] && ! grep -q "$MARK" "$CONF"; then
  stop "$CONF belongs to another cluster and is left alone; run the test on a machine without Slurm"
fi

wait_for() { # wait_for SECONDS COMMAND...
  local tries=$(($1 * 5))
  shift
  for ((i = 0; i < tries; i++)); do "$@" >/dev/null 2>&1 && return 0; sleep 0.2; done
  return 1
}
alive() { [[ -s $1 ]] && kill -0 "$(<"$1")" 2>/dev/null; }

# ---- packages
missing=()
for package in slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if ((${#missing[@]})); then
  echo "cluster_up: installing ${missing[*]}"
  printf '%s\n' "${missing[@]}" >>"$INSTALLED"
  log=$(mktemp)
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1 || { tail -20 "$log" >&2; stop "apt-get could not install ${missing[*]}; its output stands above"; }
  rm -f "$log"
fi

# ---- folders, authentication, pretend GPUs
install -d -o munge -g munge -m 0755 /run/munge
install -d -o munge -g munge -m 0700 /var/log/munge /var/lib/munge /etc/munge
if [[ ! -s /etc/munge/munge.key ]]; then
  dd if=/dev/urandom of=/etc/munge/munge.key bs=1024 count=1 status=none
  chown munge:munge /etc/munge/munge.key
  chmod 0400 /etc/munge/munge.key
fi
install -d -o slurm -g slurm -m 0755 /var/log/slurm /var/spool/slurmctld /run/slurm
install -d -m 0755 /var/spool/slurmd /etc/slurm /run/slurm/gpus
for ((i = 0; i < GPUS; i++)); do
  [[ -e /run/slurm/gpus/$i ]] || mknod -m 0666 "/run/slurm/gpus/$i" c 1 3
done

# ---- configuration
cat >"$CONF" <<EOF
# $MARK
ClusterName=test
SlurmctldHost=$HOST(127.0.0.1)
SlurmUser=slurm
AuthType=auth/munge
CredType=cred/munge
StateSaveLocation=/var/spool/slurmctld
SlurmdSpoolDir=/var/spool/slurmd
SlurmctldPidFile=/run/slurm/slurmctld.pid
SlurmdPidFile=/run/slurm/slurmd.pid
SlurmctldLogFile=/var/log/slurm/slurmctld.log
SlurmdLogFile=/var/log/slurm/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
# Memory is enforced by polling: a job above its request is killed within about 2 s.
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_min_interval=1,bf_interval=2
KillWait=5
InactiveLimit=0
ReturnToService=2
# A job that no partition can hold is refused at once instead of pending for ever.
EnforcePartLimits=ALL
# Finished jobs stay visible to squeue, which stands in for the accounting database.
MinJobAge=300
NodeName=$HOST NodeAddr=127.0.0.1 CPUs=$CPUS Boards=1 SocketsPerBoard=1 CoresPerSocket=$CPUS ThreadsPerCore=1 RealMemory=$MEM Gres=gpu:$GPUS State=UNKNOWN
PartitionName=cpu Nodes=$HOST Default=YES MaxTime=UNLIMITED State=UP
PartitionName=gpu Nodes=$HOST Default=NO MaxTime=UNLIMITED State=UP
EOF
: >/etc/slurm/gres.conf
for ((i = 0; i < GPUS; i++)); do
  echo "NodeName=$HOST Name=gpu File=/run/slurm/gpus/$i" >>/etc/slurm/gres.conf
done

# ---- daemons
alive /run/munge/munged.pid || setpriv --reuid=munge --regid=munge --init-groups /usr/sbin/munged
wait_for 10 bash -c 'munge -n | unmunge' || stop "munged does not answer; see /var/log/munge"
alive /run/slurm/slurmctld.pid || setpriv --reuid=slurm --regid=slurm --init-groups /usr/sbin/slurmctld
wait_for 30 scontrol ping || { tail -20 /var/log/slurm/slurmctld.log >&2; stop "slurmctld does not answer"; }
alive /run/slurm/slurmd.pid || /usr/sbin/slurmd
ready() { sinfo -h -n "$HOST" -o %T | grep -qE '^(idle|mixed|allocated)$'; }
if ! wait_for 5 ready; then
  scontrol update NodeName="$HOST" State=RESUME 2>/dev/null || true
  wait_for 20 ready || { sinfo -R >&2; tail -20 /var/log/slurm/slurmd.log >&2; stop "node $HOST is not ready"; }
fi
echo "cluster_up: $(sinfo -V), node $HOST is up and declares $CPUS CPUs, $MEM MB and $GPUS GPUs"
