/** What the drawing takes from the emulator beside its public interface is there, in the version that is installed. */
import { expect, test } from 'vitest'
import { rowText } from '../../src/tui/session/cells.ts'
import { Model } from '../../src/tui/session/model.ts'

function drawn(bytes: string): string {
  const model = new Model({ cols: 20, rows: 4 }, () => {})
  model.write(Buffer.from(bytes))
  return rowText(model, 0)
}

test('bytes are taken at once', () => {
  expect(drawn('now')).toContain('now')
})

test.each([
  ['a link', '\x1b]8;;http://a\x1b\\x', '\x1b]8;;http://a\x1b\\x'],
  ['a link with an id', '\x1b]8;id=7;http://a\x1b\\x', '\x1b]8;id=7;http://a\x1b\\x'],
  ['a curly underline', '\x1b[4:3mx', '\x1b[0;4:3mx'],
  ['its colour', '\x1b[4:3m\x1b[58:2::1:2:3mx', '\x1b[0;4:3;58:2::1:2:3mx'],
  ['its palette colour', '\x1b[4m\x1b[58:5:9mx', '\x1b[0;4;58:5:9mx'],
  ['a plain underline', '\x1b[4mx', '\x1b[0;4mx'],
  ['every other style', '\x1b[1;2;3;5;7;8;9;53mx', '\x1b[0;1;2;3;5;7;8;9;53mx'],
  ['16 colours', '\x1b[91;42mx', '\x1b[0;91;42mx'],
  ['256 and all colours', '\x1b[38;5;200;48;2;1;2;3mx', '\x1b[0;38;5;200;48;2;1;2;3mx'],
  ['emoji two columns wide, with the cursor placed behind it', '👍x', '👍\x1b[3Gx'],
  ['a family', '👩‍👩‍👧x', 'x'],
  ['wide characters', '漢x', '漢x'],
])('%s', (_, bytes, wanted) => {
  expect(drawn(bytes)).toContain(wanted)
})

test('a full row is not followed by EL: the cursor is still on its last cell, which would be erased', () => {
  expect(drawn('x'.repeat(20))).not.toContain('\x1b[K')
  expect(drawn('x'.repeat(19))).toContain('\x1b[K')
})

test('a defect of the emulator costs the screen, not the session', () => {
  const model = new Model({ cols: 20, rows: 4 }, () => {})
  model.write(Buffer.from('\x1b[4;20H\x1b[1J')) // throws in @xterm/headless 6.0.0
  model.write(Buffer.from('\x1b[Hafter'))
  expect(rowText(model, 0)).toContain('after')
})
