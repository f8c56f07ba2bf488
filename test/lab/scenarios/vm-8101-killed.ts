import assert from 'node:assert/strict'
import { configFile, type Scenario, says } from '../scenario.ts'
import type { Vm } from '../vm.ts'
import * as lab from '../vm-8101.ts'

const during = ['command-start', 'change-end'] as const
/** Of each link of the chain; waiting for cloud-init takes no command. */
const moments: readonly (readonly [link: string, moments: readonly string[]])[] = [
  ['create', during],
  ['config', during],
  ['agent', during],
  ['cloud-init', ['change-start']],
  ['mounts', during],
  ['files', during],
  ['features', during],
  ['final-form', during],
]

/** Kills phx when it says that. False when the task was through before: what was killed last went on alone to its end. */
async function killWhen(vm: Vm, task: string, moment: string): Promise<boolean> {
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
    'kill -9 in every step of a machine’s making, each run going on from what the last one left; then all is there',
  async run(vm) {
    await lab.prepare(vm)
    const killed: string[] = []
    for (const [link, wanted] of moments) {
      for (const moment of wanted) {
        const task = `${lab.target}:${link}`
        if (await killWhen(vm, task, moment)) killed.push(`${link} ${moment}`)
        if (killed.length === 1) says(await lab.make(vm, 3), 'it holds the lock "create"')
        // What was at work goes on alone to its end.
        await vm.run('while pgrep -f lab-qm.js >/dev/null; do sleep 0.5; done', { timeoutSeconds: 300 })
      }
    }
    for (const [link, [first]] of moments) assert.ok(killed.includes(`${link} ${first}`), `${link} was to be killed`)
    await lab.make(vm)
    await lab.isAsDeclared(vm)
    await lab.isSettled(vm)
    assert.equal(await vm.run('grep -c "^create\\|^start" /run/qm-calls'), '2', 'made once, started once')
  },
}
