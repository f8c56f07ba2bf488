import assert from 'node:assert/strict'
import { configFile, run, type Scenario } from '../scenario.ts'
import type { Vm } from '../vm.ts'
import * as lab from '../whole.ts'

/** Each after those that it needs, so that what is killed is what it is about. */
const tasks = [
  ...['initial-setup', 'zfs:quickOS', 'zfs:fastData', 'storage:quickOS', 'storage:fastData', 'admin-user:ops'],
  ...['vm-features:8101', 'lxc-volumes:901', 'nfs', 'samba', 'firewall'],
]

/** In the middle of the task's first command, which goes on alone; after its first change, before the next one. */
const moments = ['command-start', 'change-end'] as const

/** Kills phx when it says that. False when the task was through before: what was killed last went on alone to its end. */
async function killWhen(vm: Vm, task: string, moment: (typeof moments)[number]): Promise<boolean> {
  const result = await vm.attempt(
    `phx run ${task} -c ${configFile} --json >/run/said 2>&1 </dev/null & pid=$!
    until grep -q '"type":"${moment}","task":"${task}"' /run/said; do
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
    'kill -9 twice in every step of a whole setup, each run going on from what the last one left; then all is there',
  async run(vm) {
    await vm.run('dpkg --purge ufw')
    await lab.prepare(vm)
    const killed: string[] = []
    for (const task of tasks) {
      for (const moment of moments) if (await killWhen(vm, task, moment)) killed.push(`${task} ${moment}`)
    }
    for (const task of tasks) assert.ok(killed.includes(`${task} command-start`), `${task} was to be killed`)
    assert.ok(killed.length >= 18, `of 22 kills only ${killed.join(', ')}`)
    const last = await run(vm, 0, [], { timeoutSeconds: 600 })
    assert.ok(last.summary.mutations > 0, 'the killed runs had not done everything')
    await lab.isSettled(vm)
    await vm.run('test -z "$(dpkg --audit)" && visudo -c && testparm -s && ufw status | grep -q 8006')
    assert.equal(await vm.run('find /etc /quickOS /fastData -name "*phx*tmp*" -o -name "*.new"'), '')
  },
}
