/** For the commands, which take no values from core. */
export { localTime, when } from '../core/text/time.ts'
