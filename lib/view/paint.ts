/** Colours, when somebody looks: each is a function from text to text, and all are the identity when nobody does. */

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39] } as const

export type Colour = keyof typeof codes
export type Paint = { readonly [colour in Colour]: (text: string) => string }

export function paint(coloured: boolean): Paint {
  const with_ = (colour: Colour) => (text: string) =>
    coloured ? `\u001b[${codes[colour][0]}m${text}\u001b[${codes[colour][1]}m` : text
  return {
    bold: with_('bold'),
    dim: with_('dim'),
    red: with_('red'),
    green: with_('green'),
    yellow: with_('yellow'),
    cyan: with_('cyan'),
  }
}
