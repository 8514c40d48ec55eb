import { expect, test } from 'vitest'
import { joinedParts, withParts } from '../../src/castle/core/state-parts.ts'
import { emptyDocument, MAX_VALUE } from '../../src/core/vault/document.ts'

const NOW = '2026-01-01T00:00:00.000Z'
const about = { mode: 0o600, updated: NOW }

test.each([[1], [MAX_VALUE], [MAX_VALUE + 1], [3 * MAX_VALUE]])('%i bytes come back', (size) => {
  const content = Buffer.alloc(size, 7)
  const doc = withParts(emptyDocument('0'.repeat(32), NOW, []), 'x', content, about)
  expect([...doc.files.values()].every((file) => file.content.length <= MAX_VALUE)).toBe(true)
  expect(doc.files.size).toBe(Math.ceil(size / MAX_VALUE))
  expect(joinedParts(doc, 'x')?.content.equals(content)).toBe(true)
})

test('a smaller one leaves nothing of a larger one, and another name alone', () => {
  const empty = emptyDocument('0'.repeat(32), NOW, [])
  const large = withParts(
    withParts(empty, 'y', Buffer.from('y'), about),
    'x',
    Buffer.alloc(3 * MAX_VALUE),
    about,
  )
  const small = withParts(large, 'x', Buffer.from('small'), about)
  expect([...small.files.keys()].sort()).toEqual(['x', 'y'])
  expect(joinedParts(small, 'x')?.content.toString()).toBe('small')
  expect(joinedParts(small, 'z')).toBeUndefined()
})
