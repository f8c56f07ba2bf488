import { configFile, declare, nothingToDo, run, type Scenario, usualHost } from '../scenario.ts'
import { layTripwire, startUntil } from '../tripwire.ts'

export const scenario: Scenario = {
  shows: 'the power is cut during zfs create; after the boot phx converges from what is there',
  async run(vm) {
    await declare(vm, usualHost)
    await layTripwire(vm)
    // One task at a time: the other pool is then either made or not begun.
    await startUntil(vm, 'zfs create', ['run', 'setup', '-c', configFile, '--json', '--jobs', '1'])
    await vm.powerCut()
    await vm.reboot()
    await run(vm, 0)
    await nothingToDo(vm)
  },
}
