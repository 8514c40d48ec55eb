import { Box, Text } from 'ink'
import { createContext, type ReactNode, useContext } from 'react'
import { type Theme, type Tone, theme } from './theme.ts'

export const ThemeContext = createContext<Theme>(theme(true))

/** One line, never wrapped: what does not fit is cut with an ellipsis. */
export function Line({ tone = 'plain', children }: { tone?: Tone; children?: ReactNode }) {
  const look = useContext(ThemeContext)[tone]
  return (
    <Text wrap="truncate-end" {...look}>
      {children}
    </Text>
  )
}

/** A piece of a line in another tone. */
export function Piece({ tone, children }: { tone: Tone; children: ReactNode }) {
  return <Text {...useContext(ThemeContext)[tone]}>{children}</Text>
}

/** Lines that fill exactly `height` rows, so that nothing below them moves. */
export function Block({ height, children }: { height: number; children?: ReactNode }) {
  return (
    <Box flexDirection="column" height={Math.max(0, height)} flexShrink={0} overflow="hidden">
      {children}
    </Box>
  )
}
