import { declare, nothingToDo, run, type Scenario, usualHost } from '../scenario.ts'

export const scenario: Scenario = {
  shows: 'a converged host is rebooted: pools are imported and mounted by the host itself, phx finds nothing to do',
  async run(vm) {
    await declare(vm, usualHost)
    await run(vm, 0)
    await vm.run('echo kept >/fastData/shared-backups/file')
    await vm.reboot()
    await nothingToDo(vm)
    await vm.run('grep -q kept /fastData/shared-backups/file')
  },
}
