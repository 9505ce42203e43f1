#!/usr/bin/env bash
# Takes down what cluster_up.sh brought up: jobs, daemons, configuration, and the packages that it had installed.
# The packages go because of a trap: with Slurm's clients installed and no slurmctld answering, every call of
# snakemake, even a local one, waits 10 s for `scontrol`. A second call does nothing. Files of other clusters are left alone.
set -uo pipefail

MARK='written by tests/slurm/cluster_up.sh'
CONF=/etc/slurm/slurm.conf
INSTALLED=/var/lib/tprogi-test-cluster.packages

if [[ -s $CONF ]] && ! grep -q "$MARK" "$CONF"; then
  echo "cluster_down: $CONF belongs to another cluster and is left alone" >&2
  exit 1
fi

stop() { # stop PIDFILE NAME
  local pid
  [[ -s $1 ]] && pid=$(<"$1") && [[ $(cat "/proc/$pid/comm" 2>/dev/null) == "$2"* ]] || return 0
  kill "$pid"
  for _ in {1..50}; do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.2; done
  kill -9 "$pid"
}

if [[ -s $CONF ]]; then
  if timeout 5 squeue -h >/dev/null 2>&1; then
    mapfile -t jobs < <(squeue -h -o %A | sort -u)
    ((${#jobs[@]})) && scancel --signal=KILL --full "${jobs[@]}" 2>/dev/null && scancel "${jobs[@]}" 2>/dev/null && sleep 2
  fi
  stop /run/slurm/slurmd.pid slurmd
  stop /run/slurm/slurmctld.pid slurmctld
  stop /run/munge/munged.pid munged
  rm -rf "$CONF" /etc/slurm/gres.conf /run/slurm /var/spool/slurmctld /var/spool/slurmd
fi

if [[ -s $INSTALLED ]]; then
  mapfile -t packages < <(sort -u "$INSTALLED")
  DEBIAN_FRONTEND=noninteractive apt-get purge -y -q "${packages[@]}" >/dev/null 2>&1 \
    || { echo "cluster_down: apt-get could not purge ${packages[*]}" >&2; exit 1; }
  rm -f "$INSTALLED"
elif command -v sinfo >/dev/null; then
  echo "cluster_down: Slurm was installed before the test and stays; without a cluster it slows snakemake by 10 s a call"
fi
echo "cluster_down: the test cluster is gone"
