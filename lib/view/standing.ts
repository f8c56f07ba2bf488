/** How a standing looks: its colour on a terminal, in dot and in mermaid. */
import type { Standing } from '../engine/events.ts'
import type { Colour, Paint } from './paint.ts'

interface Look {
  readonly colour: Colour
  readonly sign: string
  /** Fill of a node in a drawing. */
  readonly fill: string
}

const looks: Readonly<Record<Standing, Look>> = {
  'up to date': { colour: 'green', sign: '✓', fill: '#d5f0d5' },
  new: { colour: 'cyan', sign: '+', fill: '#d5e8f7' },
  'inputs changed': { colour: 'cyan', sign: '~', fill: '#d5e8f7' },
  drifted: { colour: 'yellow', sign: '≠', fill: '#fbeec2' },
  stale: { colour: 'yellow', sign: '-', fill: '#fbeec2' },
  interrupted: { colour: 'yellow', sign: '…', fill: '#fbeec2' },
  refused: { colour: 'red', sign: '✗', fill: '#f7d5d5' },
  'reboot required': { colour: 'yellow', sign: '↻', fill: '#fbeec2' },
  unreadable: { colour: 'red', sign: '?', fill: '#f7d5d5' },
}

export const standingSign = (standing: Standing, paint: Paint): string =>
  paint[looks[standing].colour](looks[standing].sign)
export const standingText = (standing: Standing, paint: Paint): string => paint[looks[standing].colour](standing)
export const standingFill = (standing: Standing): string => looks[standing].fill
