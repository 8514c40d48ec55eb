import type { RunningCommand } from '../../app/dashboard/overview.ts'
import type { TrustOffer } from '../../app/dashboard/source.ts'

/** What stands in front of the lists until it is answered. */
export type Dialog =
  | { kind: 'help' }
  | { kind: 'lock'; running: readonly RunningCommand[] }
  | { kind: 'trust'; offer: TrustOffer; lines: readonly string[]; at: number }
  | { kind: 'which-command'; text: string }
  | { kind: 'text'; title: string; lines: readonly string[]; at: number }

/** What the footer says about a dialog. */
export function dialogKeys(dialog: Dialog): string {
  switch (dialog.kind) {
    case 'help':
      return 'Esc back'
    case 'lock':
      return 'y lock, commands go on   s lock and end them   Esc leave it'
    case 'trust':
      return dialog.offer.view.state === 'trusted'
        ? '↑ ↓ scroll   Esc back'
        : 'y trust it   ↑ ↓ scroll   Esc leave it'
    case 'which-command':
      return 'Enter explain   Tab next name   Esc back'
    case 'text':
      return '↑ ↓ scroll   Esc back'
  }
}
