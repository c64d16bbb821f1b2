/** The type bytes of messages behind the login ("Message Formats"). */
const letter = (text: string): number => text.charCodeAt(0)

/** Sent by clients. */
export const FRONTEND = {
  bind: letter('B'),
  close: letter('C'),
  describe: letter('D'),
  execute: letter('E'),
  functionCall: letter('F'),
  flush: letter('H'),
  parse: letter('P'),
  query: letter('Q'),
  sync: letter('S'),
  terminate: letter('X'),
  copyDone: letter('c'),
  copyData: letter('d'),
  copyFail: letter('f'),
} as const

/** Sent by PostgreSQL. */
export const BACKEND = {
  parseComplete: letter('1'),
  bindComplete: letter('2'),
  closeComplete: letter('3'),
  notificationResponse: letter('A'),
  commandComplete: letter('C'),
  dataRow: letter('D'),
  errorResponse: letter('E'),
  copyInResponse: letter('G'),
  copyOutResponse: letter('H'),
  emptyQueryResponse: letter('I'),
  backendKeyData: letter('K'),
  noticeResponse: letter('N'),
  parameterStatus: letter('S'),
  rowDescription: letter('T'),
  functionCallResponse: letter('V'),
  readyForQuery: letter('Z'),
  copyDone: letter('c'),
  copyData: letter('d'),
  noData: letter('n'),
  portalSuspended: letter('s'),
  parameterDescription: letter('t'),
} as const
