/** Asks the client of one connection for the proof that the login policy chose; bounds every answer (attacks 2, 8). */
import type { ProofAsker } from '../../operations/ports/proof.ts'
import { askForBearerToken } from './ask-for-bearer-token.ts'
import { askForPassword } from './ask-for-password.ts'
import { askForScramProof } from './ask-for-scram-proof.ts'
import type { ByteReader } from '../byte-reader.ts'
import type { EncryptedStream } from '../streams/byte-stream.ts'
import { ownEndPoint } from './channel-binding.ts'

/** @param reached called when the client is asked, and when its proof has arrived */
export function createProofAsker(
  socket: EncryptedStream,
  reader: ByteReader,
  reached: (station: 'proof_asked_for' | 'proof_there') => void,
): ProofAsker {
  const then = <Proof, Verdict>(judge: (proof: Proof) => Promise<Verdict>) => {
    return (proof: Proof): Promise<Verdict> => {
      reached('proof_there')
      return judge(proof)
    }
  }
  return {
    async askForPassword() {
      reached('proof_asked_for')
      const password = await askForPassword(socket, reader)
      reached('proof_there')
      return password
    },
    askForScramProof(verifier, judge) {
      reached('proof_asked_for')
      return askForScramProof(socket, reader, { verifier, endPoint: ownEndPoint(socket) }, then(judge))
    },
    askForBearerToken(discovery, judge) {
      reached('proof_asked_for')
      return askForBearerToken(socket, reader, discovery, then(judge))
    },
  }
}
