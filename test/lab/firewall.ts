/** A host whose firewall lets a network of its own in, with a client in a network namespace: what the firewall scenarios share. */
import assert from 'node:assert/strict'
import type { Firewall, PhxConfig } from '../../lib/config/generated/types.ts'
import type { RunEvent, Summary } from '../../lib/engine/events.ts'
import { disks } from './disks.ts'
import { configFile, pool, untouched } from './scenario.ts'
import type { PhxResult, Vm } from './vm.ts'

/** NFS and SMB for the client's network; the firewall task alone is run, so nothing of it has to be there. */
const services: PhxConfig = {
  zfs: { pools: [pool('quickOS', 'mirror', [disks.scsi2, disks.scsi3])], datasets: [{ name: 'a', pool: 'quickOS' }] },
  network: { default_subnet: '10.9.0.0/24' },
  nfs: { exports: [{ path: '/quickOS/a', clients: ['10.9.0.0/24'] }] },
  samba: { shares: [{ name: 'a', path: '/quickOS/a' }] },
}

export async function declareFirewall(vm: Vm, firewall: Firewall | null): Promise<void> {
  await vm.write(configFile, `${JSON.stringify({ ...services, ...(firewall && { firewall }) }, null, 2)}\n`)
}

/** `phx run firewall`; it has to end with this exit code. */
export async function runFirewall(vm: Vm, exitCode: number): Promise<PhxResult & { readonly summary: Summary }> {
  const result = await vm.phx(['run', 'firewall', '-c', configFile, '--json'])
  const last = (result.json as RunEvent[]).at(-1)
  assert.equal(result.exitCode, exitCode, `phx run firewall: ${result.stdout}${result.stderr}`)
  assert.equal(last?.type, 'summary')
  return { ...result, summary: last }
}

const traces = 'ufw show added; iptables -S; ip6tables -S; cat /etc/ufw/*.conf /etc/default/ufw; stat -c %Y /etc/ufw/*'

/** Runs once more: no command that changes the host, and ufw's files not even touched. */
export const firewallIsSettled = (vm: Vm): Promise<void> => untouched(vm, traces, () => runFirewall(vm, 0))

/** The client, and something that listens on every port that is tried. */
export async function addClient(vm: Vm): Promise<void> {
  await vm.run(`ip netns add client && ip link add to-client type veth peer name eth0 netns client &&
    ip addr add 10.9.0.1/24 dev to-client && ip link set to-client up &&
    ip -n client addr add 10.9.0.2/24 dev eth0 && ip -n client link set eth0 up`)
  await vm.run(`systemctl stop nfs-server smbd; cat >/root/listen.py <<'END'
import selectors, socket
each = selectors.DefaultSelector()
for port in (2049, 445, 8006, 9999):
    one = socket.create_server(("10.9.0.1", port))
    each.register(one, selectors.EVENT_READ)
while True:
    for key, _ in each.select():
        key.fileobj.accept()[0].close()
END
    setsid python3 /root/listen.py >/dev/null 2>&1 </dev/null &
    until ss -Hltn | grep -q 10.9.0.1:9999; do sleep 0.1; done`)
}

/** Which of the ports the client gets through to. */
export async function reached(vm: Vm, ...ports: readonly number[]): Promise<number[]> {
  const open = await vm.run(
    `for port in ${ports.join(' ')}; do
      ip netns exec client timeout 3 bash -c "</dev/tcp/10.9.0.1/$port" 2>/dev/null && echo $port; done; true`,
  )
  return open
    .split('\n')
    .filter((line) => line !== '')
    .map(Number)
}
