/** A CSI sequence taken apart: `ESC [ ? 1 ; 2 $ p` has the marker `?`, the parameters `1;2`, the middle `$`. */
export interface Csi {
  marker: string
  parameters: string
  middle: string
  final: string
}

const SHAPE = /^\x1b\[([<-?]?)([0-9:;]*)([ -/]*)([@-~])$/

export function parseCsi(sequence: string): Csi | undefined {
  const match = SHAPE.exec(sequence)
  if (match === null) return undefined
  const [, marker = '', parameters = '', middle = '', final = ''] = match
  return { marker, parameters, middle, final }
}

/** The parameter at `index`; an absent one, and 0, is `otherwise`. */
export function parameter(csi: Csi, index: number, otherwise: number): number {
  return Number.parseInt(csi.parameters.split(';')[index] ?? '', 10) || otherwise
}

/** `marker middle final` in one word, to switch on: `?h`, `!p`, ` q`, `r`. */
export function kindOf({ marker, middle, final }: Csi): string {
  return `${marker}${middle}${final}`
}
