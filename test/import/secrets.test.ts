/** A marker in every place that an old file keeps a secret in: it is nowhere in what an import writes or says. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Files, imported, Place } from './scene.ts'

let count = 0
const planted: string[] = []

function marker(): string {
  const secret = `Planted$$${++count}-Kq7!x`
  planted.push(secret)
  return secret
}

const reused = marker()
const files: Files = {
  'phoenix_hypervisor_config.json': {
    version: '1.0.0',
    users: { username: 'phoenix_admin', password_hash: marker(), root_password: marker() },
    samba: { user: 'heads', password: marker(), users: [{ username: 'media', password: marker() }] },
    portainer_api: { admin_user: 'admin', admin_password: marker(), api_key: marker() },
    step_ca: { provisioner_password: marker(), nested: { secret: { deep: [marker()] } } },
    network: { external_registry_url: `https://heads:${marker()}@registry.example.com/x` },
    nvidia_driver: { install: true, version: '580.76.05', runfile_url: `https://heads:${marker()}@example.com/x.run` },
    behavior: { hf_token: marker() },
    firewall: { global_firewall_rules: [{ type: 'in', action: 'ACCEPT', proto: 'tcp', comment: `uses ${reused}` }] },
    surprise: { password: reused, list: [{ token: marker() }] },
  },
  'phoenix_vm_configs.json': {
    vms: [
      {
        vmid: 1001,
        name: 'portainer',
        user_config: { username: 'phoenix_user', password: marker() },
        portainer_admin_password: marker(),
        qm_options: [`--cipassword ${marker()}`],
        docker_stacks: [
          { name: 'qdrant', environment: 'production', variables: [{ name: 'API_KEY', value: marker() }] },
        ],
      },
    ],
  },
  'phoenix_lxc_configs.json': {
    hf_token: marker(),
    lxc_configs: {
      '801': {
        name: 'vllm',
        lxc_options: [`lxc.environment: DB_PASSWORD=${marker()}`, 'lxc.apparmor.profile=unconfined'],
        vllm_args: [`--api-key ${marker()}`],
        vllm_engine_config: { ServerConfig: { 'api-key': marker() } },
        health_check: { command: `curl -H "TOKEN=${marker()}"` },
      },
    },
  },
  'phoenix_stacks_config.json': {
    docker_stacks: {
      qdrant: {
        description: 'vectors',
        environments: {
          production: { variables: [{ name: 'POSTGRES_PASSWORD', value: marker() }], files: [{ password: marker() }] },
        },
      },
    },
  },
  'certificate-manifest.json': [{ common_name: 'x', post_renewal_command: `portainer --password ${marker()}` }],
}

/** Also as JSON writes it. */
function assertNowhere(text: string, where: string): void {
  for (const secret of planted) {
    assert.not.ok(text.includes(secret) || text.includes(JSON.stringify(secret).slice(1, -1)), `${secret} in ${where}`)
  }
}

test('no planted secret is in the config, the report or anything that is printed', async () => {
  const place = new Place(files)
  for (const more of [[], ['--json', '--force'], ['--force', '-v']]) {
    const { code, out, err } = await place.import(more)
    assert.is(code, 0, err)
    assertNowhere(place.read('new.json'), 'the config')
    assertNowhere(out + err, 'the output')
    assert.match(out, '/etc/phx/secrets/phoenix_admin.hash')
  }
  place.clean()
})

test('each secret is told of with the file for its value, also those that nothing refers to', () => {
  const { report, config } = imported(files)
  const told = report.secrets.filter(({ why }) => !why.includes('stood in'))
  assert.is(told.length, planted.length, told.map(({ path }) => path).join(' '))
  assert.is(new Set(told.map(({ put }) => put)).size, told.length, 'one file a secret')
  assert.equal(
    report.secrets.filter(({ isReferred }) => isReferred).map(({ path, put }) => `${path} ${put}`),
    [
      '$.users.password_hash /etc/phx/secrets/phoenix_admin.hash',
      '$.samba.password /etc/phx/secrets/samba',
      '$.samba.users[0].password /etc/phx/secrets/samba-media',
      '$.vms[0].user_config.password /etc/phx/secrets/vm-1001-password',
    ],
  )
  const { users, samba, guests } = config as { users: object[]; samba: object; guests: { vms: object[] } }
  assert.equal(users, [
    {
      username: 'phoenix_admin',
      password_hash: { file: '/etc/phx/secrets/phoenix_admin.hash' },
      proxmox_role: 'Administrator',
    },
  ])
  assert.equal(samba, {
    user: 'heads',
    password: { file: '/etc/phx/secrets/samba' },
    users: [{ username: 'media', password: { file: '/etc/phx/secrets/samba-media' } }],
  })
  assert.equal(guests.vms[0], {
    vmid: 1001,
    name: 'portainer',
    user_config: { username: 'phoenix_user', password: { file: '/etc/phx/secrets/vm-1001-password' } },
  })
})

test('a secret that somebody forgot to quote is not repeated in the error', async () => {
  const secret = marker().replace(/[^A-Za-z0-9]/g, '')
  const fields = [`"portainer_api": {"admin_user": ${secret}}`, `"users": {"password_hash": ${secret}}`]
  for (const field of fields) {
    const place = new Place({ 'a.json': `{"version": "1.0.0", ${field}}` })
    const { code, out, err } = await place.import()
    assert.is(code, 4)
    assert.match(err, 'a.json:1:')
    assert.not.ok((out + err).includes(secret), err)
    place.clean()
  }
})

test.run()
