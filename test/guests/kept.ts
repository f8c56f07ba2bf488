/** VM 8101 with a feature, a share and a file, on a simulated host that is kept in a folder, and phx called as a person does. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { modules } from '../../tasks/index.ts'
import { callPhx } from '../cli/scene.ts'
import { Scene } from './scene.ts'

export class Kept extends Scene {
  constructor() {
    super({ features: ['tools'] })
    mkdirSync(join(this.folder, 'vm-features'))
    writeFileSync(join(this.folder, 'vm-features', 'tools.sh'), '#!/bin/sh\n# sim: writes /srv/done yes\n')
    writeFileSync(this.file, JSON.stringify(this.config))
    mkdirSync(this.kept)
  }

  /** The config. */
  get file(): string {
    return join(this.folder, 'config.json')
  }

  /** The folder of the host, and of what phx knows of it. */
  get kept(): string {
    return join(this.folder, 'host')
  }

  /** The host as phx left it. */
  read(): SimState {
    return JSON.parse(readFileSync(join(this.kept, 'host.json'), 'utf8')) as SimState
  }

  phx(verb: string, ...words: readonly string[]) {
    const config = verb === 'runs' ? [] : ['-c', this.file]
    return callPhx([verb, ...words, ...config, '--host', `simulated:${this.kept}`], { modules })
  }

  /** Something is done by hand. */
  async by(hand: string): Promise<void> {
    const { code, err } = await callPhx(['sim', this.kept, '--', ...hand.split(' ')])
    assert.is(code, 0, err)
  }

  /** The same once more, to do something else with. */
  copy(): Kept {
    const made = new Kept()
    cpSync(this.kept, made.kept, { recursive: true })
    // Where its file lies is part of what is declared.
    cpSync(this.file, made.file)
    return made
  }
}

/** With nothing but the image on the host. */
export async function blank(): Promise<Kept> {
  const made = new Kept()
  await made.image()
  writeFileSync(join(made.kept, 'host.json'), JSON.stringify(made.state))
  return made
}
