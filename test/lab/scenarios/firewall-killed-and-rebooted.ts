import assert from 'node:assert/strict'
import { declareFirewall, firewallIsSettled, runFirewall } from '../firewall.ts'
import { configFile, type Scenario } from '../scenario.ts'

export const scenario: Scenario = {
  shows:
    'kill -9 between two of its rules and right after switching ufw on, each time the next run goes on; up after a reboot',
  async run(vm) {
    await declareFirewall(vm, { backend: 'ufw', enabled: true })
    const killWhen = (condition: string) =>
      vm.run(`phx run firewall -c ${configFile} >/dev/null 2>&1 </dev/null & pid=$!
        until ${condition}; do sleep 0.05; kill -0 $pid || exit 1; done
        kill -9 $pid; wait $pid; while pgrep -x ufw >/dev/null; do sleep 0.1; done`)
    await killWhen("grep -q 'dport 8006' /etc/ufw/user.rules")
    await killWhen('grep -q ENABLED=yes /etc/ufw/ufw.conf')
    await runFirewall(vm, 0)
    assert.match(await vm.run('ufw status'), /^Status: active/)
    await firewallIsSettled(vm)
    await vm.reboot()
    assert.match(await vm.run('ufw status'), /^8006\/tcp +ALLOW/m)
    await firewallIsSettled(vm)
  },
}
