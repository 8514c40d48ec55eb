/** Of a terminal, in cells. */
export interface Size {
  cols: number
  rows: number
}
