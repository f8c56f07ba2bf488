import assert from 'node:assert/strict'
import { addClient, declareFirewall, firewallIsSettled, reached, runFirewall } from '../firewall.ts'
import { configFile, type Scenario, says } from '../scenario.ts'

export const scenario: Scenario = {
  shows:
    "ufw switched on with SSH alive: a client gets through where declared and nowhere else, drift is mended, an admin's rule survives",
  async run(vm) {
    await addClient(vm)
    await vm.run(['ufw', 'allow', '7777/tcp', 'comment', 'mine'])
    await declareFirewall(vm, { backend: 'ufw', enabled: true })
    await runFirewall(vm, 0)
    assert.deepEqual(await reached(vm, 2049, 445, 8006, 9999), [2049, 445, 8006])
    await firewallIsSettled(vm)

    await vm.run('ufw delete allow 8006/tcp && ufw default allow incoming && ufw disable')
    const planned = await vm.phx(['plan', 'firewall', '-c', configFile])
    for (const drift of ['allow in 8006/tcp', 'input DROP', 'switch ufw on']) assert.ok(planned.stdout.includes(drift))
    await runFirewall(vm, 0)
    assert.deepEqual(await reached(vm, 8006, 9999), [8006])

    // Someone's `iptables -F`: the policy is opened first, or this very connection would be cut.
    await vm.run('iptables -P INPUT ACCEPT && iptables -F')
    assert.deepEqual(await reached(vm, 9999), [9999])
    await runFirewall(vm, 0)
    assert.deepEqual(await reached(vm, 2049, 9999), [2049])
    await firewallIsSettled(vm)

    await declareFirewall(vm, null)
    says(await runFirewall(vm, 3), "changing phx's rules in ufw would shut out 10.0.2.2", 'ufw allow 22/tcp')
    await vm.run('ufw allow 22/tcp')
    await runFirewall(vm, 0)
    const left = await vm.run('ufw show added')
    assert.equal(left.split('\n').slice(1).join('\n').trim(), "ufw allow 7777/tcp comment 'mine'\nufw allow 22/tcp")
  },
}
