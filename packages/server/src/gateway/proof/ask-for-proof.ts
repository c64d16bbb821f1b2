/** Asks the client of one connection for the proof that the login policy chose; bounds every answer (attacks 2, 8). */
import type { ProofAsker } from '../../operations/ports/proof.ts'
import { askForBearerToken } from './ask-for-bearer-token.ts'
import { askForPassword } from './ask-for-password.ts'
import { askForScramProof } from './ask-for-scram-proof.ts'
import type { ByteReader } from '../byte-reader.ts'
import type { EncryptedStream } from '../streams/byte-stream.ts'
import { ownEndPoint } from './channel-binding.ts'

export const createProofAsker = (socket: EncryptedStream, reader: ByteReader): ProofAsker => ({
  askForPassword: () => askForPassword(socket, reader),
  askForScramProof: (verifier, judge) =>
    askForScramProof(socket, reader, { verifier, endPoint: ownEndPoint(socket) }, judge),
  askForBearerToken: (discovery, judge) => askForBearerToken(socket, reader, discovery, judge),
})
