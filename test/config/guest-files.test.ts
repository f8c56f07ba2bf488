/** Files and scripts that guests are given, and features by name. */
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig, Vm } from '../../lib/config/generated/types.ts'
import { declaredGuests } from '../../lib/config/guests.ts'
import { loadConfig } from '../../lib/config/load.ts'
import { secretFiles } from '../../lib/config/secrets.ts'

const only = <One>(list: readonly One[]): One => {
  assert.is(list.length, 1)
  return list[0] as One
}

test('files: absolute, whatever the working folder; secrets by reference; owner and mode', () => {
  withFolder((folder) => {
    mkdirSync(join(folder, 'sub'))
    writeFileSync(join(folder, 'sub/motd'), 'x')
    writeFileSync(join(folder, 'app.sh'), '#!/bin/sh\n')
    const token = { file: '/etc/phx/secrets/token' }
    const config = configIn(folder, {
      vms: [
        {
          vmid: 101,
          name: 'a',
          file_injections: [
            { source: 'sub/motd', destination: '/etc//motd' },
            { source: token, destination: '/etc/token', owner: 'app', mode: '0600' },
          ],
        },
      ],
      lxc_configs: { '901': { name: 'b', application_script: 'app.sh' } },
    })
    assert.ok(config.ok, JSON.stringify(config.problems))
    if (!config.ok) return
    const { vms, containers } = declaredGuests(config.config)
    assert.equal(only(vms).injections, [
      {
        source: { file: join(folder, 'sub/motd') },
        destination: '/etc/motd',
        owner: 'root',
        group: 'root',
        mode: 0o644,
      },
      { source: { secret: token }, destination: '/etc/token', owner: 'app', group: 'app', mode: 0o600 },
    ])
    assert.is(only(containers).applicationScript, join(folder, 'app.sh'))
    assert.equal(secretFiles(config.config), ['/etc/phx/secrets/token'])
  })
})

test('files that can not be sent are told before anything begins', () => {
  withFolder((folder) => {
    mkdirSync(join(folder, 'sub'))
    for (const [name, bytes] of [
      ['large', 64 * 2 ** 20],
      ['larger', 64 * 2 ** 20 + 1],
    ] as const) {
      writeFileSync(join(folder, name), '')
      truncateSync(join(folder, name), bytes)
    }
    const sources = ['none', 'sub', 'large', 'larger', '/dev/null']
    const { problems } = configIn(folder, {
      vms: [
        {
          vmid: 101,
          name: 'a',
          file_injections: sources.map((source) => ({ source, destination: `/srv/${source.replace('/dev/', '')}` })),
        },
      ],
      lxc_configs: { '901': { name: 'b', application_script: 'gone.sh' } },
    })
    assert.equal(
      problems.map(({ path, message }) => `${path} ${message.replaceAll(`${folder}/`, '')}`),
      [
        '$.guests.vms[0].file_injections[0].source there is no file none',
        '$.guests.vms[0].file_injections[1].source sub is a folder',
        '$.guests.vms[0].file_injections[3].source larger is larger than the 64 MiB that phx puts into a guest',
        '$.guests.vms[0].file_injections[4].source /dev/null is no ordinary file',
        "$.guests.lxc_configs['901'].application_script there is no file gone.sh",
      ],
    )
  })
})

test('every mistake at once: files and scripts are looked at, whatever else is wrong', () => {
  withFolder((folder) => {
    const file_injections = [{ source: 'gone', destination: '/srv/a' }]
    const vm = { vmid: 101, name: 'a', coers: 2, features: ['a/b', 'gone'], file_injections }
    const { problems } = configIn(folder, { vms: [vm as Vm] }, { vm_features: { scripts: 3 } })
    assert.equal(
      problems.map(({ path }) => path),
      [
        '$.vm_features.scripts',
        '$.guests.vms[0].coers',
        '$.guests.vms[0].features[0]',
        '$.guests.vms[0].features[1]',
        '$.guests.vms[0].file_injections[0].source',
      ],
    )
  })
})

test('an unknown feature: of machines and containers; base_setup is a snippet for machines alone', () => {
  const guests = {
    vms: [{ vmid: 101, name: 'a', features: ['base_setup', 'dokcer'] }],
    lxc_configs: { '901': { name: 'b', features: ['docker', 'base_setup'] } },
  }
  const toldIn = (folder: string, more: object = {}) =>
    configIn(folder, guests, more).problems.map(({ severity, path, message }) => `${severity} ${path} ${message}`)
  const paths = ['$.guests.vms[0].features[1]', "$.guests.lxc_configs['901'].features[1]"]
  const messages = ['there is no script for the feature dokcer', 'there is no script for the feature base_setup']
  const lines = (severity: string) => paths.map((path, index) => `${severity} ${path} ${messages[index]}`)
  withFolder((folder) => {
    mkdirSync(join(folder, 'scripts'))
    writeFileSync(join(folder, 'scripts/docker.sh'), '#!/bin/sh\n')
    assert.equal(toldIn(folder, { vm_features: { scripts: 'scripts' } }), lines('error'))
  })
  withFolder((folder) => {
    mkdirSync(join(folder, 'vm-features'))
    writeFileSync(join(folder, 'vm-features/docker.sh'), '#!/bin/sh\n')
    assert.equal(toldIn(folder), lines('error'))
  })
  // Neither the section nor the folder: nothing of a host hangs on it yet.
  withFolder((folder) => {
    const docker = "warning $.guests.lxc_configs['901'].features[0] there is no script for the feature docker"
    const [machine = '', container = ''] = lines('warning')
    assert.equal(toldIn(folder), [machine, docker, container])
  })
})

function withFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'phx-guests-'))
  try {
    work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function configIn(folder: string, guests: PhxConfig['guests'], more: object = {}) {
  const file = join(folder, 'config.json')
  writeFileSync(file, JSON.stringify({ ...more, guests }, null, 2))
  return loadConfig(file)
}

test.run()
