import assert from 'node:assert/strict'
import { configFile, type Scenario, says } from '../scenario.ts'
import type { Vm } from '../vm.ts'
import * as lab from '../vm-8101.ts'

const conf = '/etc/pve/qemu-server/8101.conf'
const begun = { says: 'command-start' }
const changed = { says: 'change-end' }

/** When phx has said this of the task, and, where it is told, that is true. */
interface Moment {
  readonly says: string
  readonly when?: string
}

const whileCreated = { ...begun, when: `grep -q '^lock: create' ${conf}` }

/** Of each link of the chain; waiting for cloud-init takes no command. */
const moments: readonly (readonly [link: string, moments: readonly Moment[]])[] = [
  ['create', [whileCreated, changed]],
  ['config', [begun, changed]],
  ['agent', [begun, { ...begun, when: 'test -e /run/qemu-server/8101.pid' }]],
  ['cloud-init', [{ says: 'change-start' }]],
  ['mounts', [begun, { ...begun, when: `tail -n 1 /run/qm-calls | grep -q 'mount '` }]],
  ['files', [begun, { ...begun, when: 'grep -q "mv .* /etc/motd" /run/qm-calls' }, changed]],
  ['features', [begun, { ...begun, when: 'grep -q systemd-run /run/qm-calls' }]],
  ['final-form', [begun, changed]],
]

/** Kills phx then. False when the task was through before: what was killed last went on alone to its end. */
async function killWhen(vm: Vm, task: string, { says: event, when = 'true' }: Moment): Promise<boolean> {
  const result = await vm.attempt(
    `phx run ${task} -c ${configFile} --json >/run/said 2>&1 </dev/null & pid=$!
    until grep -q '"type":"${event}","task":"${task}"' /run/said && ${when}; do
      if ! kill -0 $pid 2>/dev/null; then wait $pid; rc=$?; cat /run/said; exit $rc; fi
      sleep 0.02
    done
    kill -9 $pid; wait $pid; exit 137`,
    { timeoutSeconds: 600 },
  )
  assert.ok(result.exitCode === 137 || result.exitCode === 0, `phx run ${task}: exit code ${result.exitCode}`)
  return result.exitCode === 137
}

export const scenario: Scenario = {
  shows:
    'kill -9 in every step of a machine’s making, each run going on from what the last one left; then all is there',
  async run(vm) {
    await lab.prepare(vm)
    const killed: string[] = []
    for (const [link, wanted] of moments) {
      for (const moment of wanted) {
        if (await killWhen(vm, `${lab.target}:${link}`, moment)) killed.push(link)
        // Half made: whoever comes in between is told, and touches nothing.
        if (moment === whileCreated) says(await lab.make(vm, 3), 'it holds the lock "create"')
        // What was at work goes on alone to its end.
        await vm.run('while pgrep -f lab-[q]m.mjs >/dev/null; do sleep 0.5; done', { timeoutSeconds: 300 })
      }
      assert.ok(killed.includes(link), `${link} was to be killed`)
    }
    // What was making or starting the machine when phx was killed may go on alone to its end: those two count once then.
    assert.ok(killed.length >= 13, `only ${killed.join(', ')}`)
    await lab.make(vm)
    await lab.isAsDeclared(vm)
    await lab.isSettled(vm)
    assert.equal(await vm.run('grep -c "^create\\|^start" /run/qm-calls'), '2', 'made once, started once')
  },
}
