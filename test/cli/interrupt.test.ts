import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Scene } from './scene.ts'

/** Runs slow tasks in a process, and sends it `signals` once its first command is under way, 300 ms apart. */
async function interrupted(scene: Scene, seconds: string, signals: readonly NodeJS.Signals[], args: readonly string[]) {
  const command = ['--import', 'tsx', join(import.meta.dirname, 'slow.ts'), scene.folder, seconds, 'run', ...args]
  const state = ['-c', scene.path('config.json'), '--state-dir', scene.path('state')]
  const child = spawn(process.execPath, [...command, ...state], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let sent = false
  child.stdout.on('data', (chunk) => {
    out += chunk
    if (sent || !/make one/.test(out)) return
    sent = true
    for (const [index, signal] of signals.entries()) setTimeout(() => child.kill(signal), 200 + index * 300)
  })
  const started = performance.now()
  const code = await new Promise<number | null>((ended) => child.on('close', ended))
  return { code, out, tookMs: performance.now() - started }
}

async function within(act: (scene: Scene) => Promise<void>): Promise<void> {
  const scene = new Scene()
  try {
    await act(scene)
  } finally {
    scene.clean()
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} once: the running command is finished, nothing more starts, exit 130 and a summary`, () =>
    within(async (scene) => {
      const { code, out } = await interrupted(scene, '1', [signal], [])
      assert.is(code, 130)
      assert.match(out, 'stopping: what is running is finished first')
      assert.match(out, /Interrupted: 0 changed/)
      assert.match(out, 'skipped slow:two')
      assert.not.ok(existsSync(scene.path('two')))
    }))
}

test('Ctrl-C twice: the running command is ended', () =>
  within(async (scene) => {
    const { code, out, tookMs } = await interrupted(scene, '30', ['SIGINT', 'SIGINT'], [])
    assert.is(code, 130)
    assert.ok(tookMs < 15_000, `took ${tookMs} ms`)
    assert.match(out, 'interrupted')
  }))

test('with --json the summary still is the last line', () =>
  within(async (scene) => {
    const { code, out } = await interrupted(scene, '1', ['SIGINT'], ['--json'])
    assert.is(code, 130)
    assert.is(JSON.parse(out.trimEnd().split('\n').at(-1) ?? '').exitCode, 130)
  }))

test.run()
