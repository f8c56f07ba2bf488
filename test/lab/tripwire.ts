/**
 * Stops phx, or tells the scenario, at a chosen command that changes the host: the real tools are moved aside, and a
 * script in their place does what the order in /run/order says at the first such command, once.
 */
import { quote } from './shell.ts'
import type { Vm } from './vm.ts'

/** `before` the command starts, `during` it (it goes on alone), `after` it is done and before phx can note that. */
export type Moment = 'before' | 'during' | 'after'

const script = `#!/bin/sh
tool=$(basename "$0")
real=/opt/real/$tool
case "$tool $1" in
'zpool create' | 'zpool set' | 'zfs create' | 'zfs set' | 'zfs mount' | 'pvesm add' | 'pvesm set') ;;
*) exec "$real" "$@" ;;
esac
# The rename decides between two tools that run at the same moment.
mv /run/order "/run/order.$$" 2>/dev/null || exec "$real" "$@"
read -r order word <"/run/order.$$"
echo "$order $tool $*" >>/root/tripped
case $order in
before) kill -9 "$(cat /run/phx.pid)" ;;
during) "$real" "$@" & kill -9 "$(cat /run/phx.pid)"; wait ;;
after) "$real" "$@"; kill -9 "$(cat /run/phx.pid)" ;;
announce)
	case "$tool $1" in
	"$word") echo now >/run/announce ;;
	*) mv "/run/order.$$" /run/order ;;
	esac
	exec "$real" "$@"
	;;
esac
`

export async function layTripwire(vm: Vm): Promise<void> {
  await vm.write('/opt/tripwire', script, '755')
  await vm.run(`mkdir /opt/real && for tool in zpool zfs pvesm; do
    mv "$(readlink -f /usr/sbin/$tool)" /opt/real/$tool && ln -sf /opt/tripwire /usr/sbin/$tool; done; sync`)
}

/** Runs a phx that is killed with SIGKILL at its first command that changes the host; returns that command. */
export async function killAt(vm: Vm, moment: Moment, args: readonly string[]): Promise<string> {
  await vm.run(`echo ${moment} >/run/order; rm -f /root/tripped`)
  // With a command after it: ssh says 255 when the session's own shell is killed.
  const phx = quote(['sh', '-c', 'echo $$ >/run/phx.pid; exec phx "$@"', 'phx', ...args])
  const result = await vm.attempt(`${phx}; exit $?`)
  if (result.exitCode !== 137) throw new Error(`phx was to be killed, yet its exit code is ${result.exitCode}`)
  return vm.run('cat /root/tripped')
}

/** Starts phx, and resolves the moment before its first such command (`zfs create`) starts. */
export async function startUntil(vm: Vm, command: string, args: readonly string[]): Promise<void> {
  await vm.run(`rm -f /run/announce; mkfifo /run/announce; echo announce ${command} >/run/order`)
  const announced = vm.start('cat /run/announce')
  vm.start(['phx', ...args]).ended.catch(() => {})
  await announced.saw('now')
}
