import assert from 'node:assert/strict'
import * as lab from '../lxc.ts'
import { configFile, type Scenario, says as told } from '../scenario.ts'
import type { Vm } from '../vm.ts'

/** Each after those that it needs, so that what is killed is what it is about. */
const tasks = [
  ...['lxc:901:create', 'lxc:901:config', 'lxc-volumes:901', 'lxc:901:mounts', 'lxc:901:start'],
  ...['lxc:901:features', 'lxc:901:application', 'lxc:901:health'],
]

/** What phx has said by then. */
const says = (moment: string, task: string): string => `grep -q '"type":"${moment}","task":"${task}"' /run/said`

const halfMade = "grep -qs 'lock: create' /etc/pve/lxc/901.conf"

/** In the midst of its first command, which goes on alone, or of its first file; after its first change, before the next one. */
function momentsOf(task: string): string[] {
  const first = task === 'lxc:901:config' ? 'change-start' : 'command-start'
  return [task === 'lxc:901:create' ? halfMade : says(first, task), says('change-end', task)]
}

/** Kills phx at that moment. False when the task was through before: what was killed last went on alone to its end. */
async function killWhen(vm: Vm, task: string, moment: string): Promise<boolean> {
  const result = await vm.attempt(
    `phx run ${task} -c ${configFile} --json >/run/said 2>&1 </dev/null & pid=$!
    until ${moment}; do
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
  shows: 'kill -9 twice in every step of a container, each run going on from what the last one left; then all is there',
  async run(vm) {
    await lab.prepare(vm)
    await lab.run(vm, 0, [], 'storage:quickOS')
    const killed: string[] = []
    for (const task of tasks) {
      for (const moment of momentsOf(task)) {
        if (await killWhen(vm, task, moment)) killed.push(task)
        if (moment === halfMade) {
          // Whoever comes in between is told, and touches nothing.
          told(await lab.run(vm, 3), 'it holds the lock "create"')
          await vm.run('while pgrep -f lab-[p]ct.mjs >/dev/null; do sleep 1; done')
        }
      }
    }
    for (const task of tasks) assert.ok(killed.includes(task), `${task} was to be killed`)
    await lab.run(vm, 0)
    await lab.isAsDeclared(vm)
    await lab.nothingToDo(vm)
  },
}
