/** cloud-init at a boot of a virtual machine: first before the network is up, and again when all units are started. */
import { makeFolders, writeText } from '../../filesystem.ts'
import type { SimState } from '../../model.ts'
import { isInstalled } from '../../system/catalogue.ts'
import type { Place } from '../place.ts'
import { makeAccount, nameMachine, writeHosts } from './accounts.ts'
import { type Seed, seedOf } from './drive.ts'
import {
  failedScript,
  installPackages,
  mountShares,
  type Outcome,
  requireKnown,
  runCommands,
  writeFiles,
} from './modules.ts'
import { writeNetwork } from './network.ts'

/** Most of it is done once for each instance (cloud-init, "boot stages"); this file says which one that was. */
const instanceFile = '/var/lib/cloud/data/instance-id'

/** How long it is at it, with packages to install and without, and when all was done at a boot before. */
const seconds = { again: 2, first: 4, packages: 6 }

const source = 'DataSourceNoCloud [seed=/dev/sr0]'

const seedFor = (system: SimState, place: Place): Seed | undefined =>
  isInstalled(system, 'cloud-init') ? seedOf(place) : undefined

const isNew = (system: SimState, { instance }: Seed): boolean => system.files[instanceFile]?.content.trim() !== instance

export function beforeNetwork(system: SimState, place: Place): void {
  const seed = seedFor(system, place)
  if (!seed) return
  requireKnown(seed)
  if (!isNew(system, seed)) return
  nameMachine(system, seed)
  writeNetwork(system, seed.network)
}

export function afterBoot(system: SimState, place: Place): void {
  delete system.cloudInit
  const seed = seedFor(system, place)
  if (!seed) return
  const start = system.now
  const first = isNew(system, seed)
  const outcome: Outcome = { errors: [], warnings: [], output: '' }
  writeHosts(system, seed)
  for (const text of seed.strange) {
    const shown = text.slice(0, 40).replaceAll('\n', '\\n')
    const why = `Unhandled non-multipart (text/x-not-multipart) userdata: 'b'${shown}'...'`
    outcome.warnings.push({ stage: 'init', text: why })
  }
  if (first) {
    makeAccount(system, seed)
    writeFiles(system, seed)
    mountShares(system, seed, outcome)
    installPackages(system, seed, outcome)
    runCommands(system, seed, outcome)
    makeFolders(system, '/var/lib/cloud/data')
    writeText(system, instanceFile, `${seed.instance}\n`)
  }
  addOrdered(place, outcome)
  const { errors, warnings } = outcome
  const isInstalling = first && (seed.user.packages ?? seed.vendor.packages) !== undefined
  const took = !first ? seconds.again : isInstalling ? seconds.packages + seconds.first : seconds.first
  system.now = start
  system.cloudInit = { source, start, finished: start + took, errors, warnings }
  writeLogs(system, outcome, took)
}

function addOrdered({ guest }: Place, { errors, warnings }: Outcome): void {
  if (guest.faults?.cloudInit === 'error') errors.push(failedScript)
  if (guest.faults?.cloudInit === 'recoverable')
    warnings.push({ stage: 'modules-config', text: 'Failed to set the locale: sim guest cloud-init recoverable' })
}

function writeLogs(system: SimState, { errors, warnings, output }: Outcome, took: number): void {
  const finished = new Date((system.now + took) * 1000).toUTCString().replace('GMT', '+0000')
  const end = `Cloud-init v. 25.1.4-1+deb13u1 finished at ${finished}. Datasource ${source}.  Up ${took}.00 seconds\n`
  const troubles = [
    ...warnings.map(({ text }) => `[WARNING]: ${text}\n`),
    ...errors.map(({ text }) => `[ERROR]: ${text}\n`),
  ].join('')
  const append = (name: string, text: string): void => {
    const path = `/var/log/${name}`
    writeText(system, path, (system.files[path]?.content ?? '') + text)
  }
  append('cloud-init.log', troubles + end)
  append('cloud-init-output.log', output + troubles + end)
}
