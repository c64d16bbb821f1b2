/**
 * A login by the role's own password. For a role without a password, or one that does not exist, exchange, timing and
 * messages are the same (attacks 34, 61). The password itself is never sent; its proof is checked against the verifier
 * in pg_authid.
 */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { RoleFacts } from '../../domain/role.ts'
import { decideNativeLogin } from '../../policy/native-login.ts'
import { makeUpScramVerifier, parseScramVerifier, type ScramVerifier } from '../../protocol/scram/verifier.ts'
import type { Admission, LoginRequest } from './admission.ts'
import type { AdmitLoginPorts } from './admit-login-ports.ts'
import { admitToDatabase, databaseToAskFor } from './admit-to-database.ts'
import { loadReachableInstance } from '../instances/load-reachable-instance.ts'
import { outcomeOf, roleAt } from './judge-login.ts'
import { orUnavailable } from '../or-unavailable.ts'
import type { FailedLoginsAnswer, FailedLoginsQuestion, ProofAsker } from '../ports/proof.ts'
import { refused, RefusedError } from '../refused-error.ts'

/**
 * @param known the instance as it was when the proof was chosen
 * @param asked the role as it was when the proof was chosen; without a verifier the login always fails
 */
export async function admitByPassword(
  ports: AdmitLoginPorts,
  request: LoginRequest,
  known: DatabaseInstance,
  asked: RoleFacts | undefined,
  proof: ProofAsker,
): Promise<Admission> {
  const { delayMs } = await askBrake(ports, request, 'look')
  if (delayMs > 0) await ports.pause(delayMs)
  const { verifier, isReal } = chooseVerifier(ports, request, asked)
  await proof.askForScramProof(verifier, async (proofIs) => {
    const isRight = proofIs === 'right' && isReal
    // Checked again at the moment of the proof: a hundred simultaneous guesses still count against a limit of ten.
    await askBrake(ports, request, isRight ? 'right' : 'wrong')
    if (!isRight) throw failed(request, whyFailed(asked, isReal))
  })
  if (asked === undefined) throw failed(request, whyFailed(asked, isReal))
  const { instance, role } = await orUnavailable(() => decide(ports, request, known, asked))
  await askBrake(ports, request, 'release')
  return {
    instance,
    roleName: role.name,
    roleOid: role.oid,
    sessionTicket: undefined,
    behind: undefined,
    token: undefined,
    claimedTables: [],
    pooled: admitToDatabase(request, role),
  }
}

/** @throws RefusedError too_many_failed_logins */
async function askBrake(
  { brake, failedLoginLimits, clock }: AdmitLoginPorts,
  { instanceUid, roleName, clientAddress }: LoginRequest,
  kind: FailedLoginsQuestion['kind'],
): Promise<FailedLoginsAnswer> {
  const now = clock().getTime()
  const login = { instanceUid, roleName, clientAddress }
  const answer = await brake({ kind, login, limits: failedLoginLimits(), now })
  // A login that proved the password before others reached the limit is admitted.
  if (answer.closedUntil === null || kind === 'release') return answer
  const seconds = String(Math.max(1, Math.ceil((answer.closedUntil - now) / 1000)))
  throw refused('too_many_failed_logins', { role: roleName, seconds })
}

/** Both verifiers are computed for every login, so that the timing does not reveal which one is used. */
function chooseVerifier(
  { madeUpVerifierSecret }: AdmitLoginPorts,
  { instanceUid, roleName }: LoginRequest,
  asked: RoleFacts | undefined,
): { readonly verifier: ScramVerifier; readonly isReal: boolean } {
  const madeUp = makeUpScramVerifier(madeUpVerifierSecret.reveal(), `${instanceUid}\0${roleName}`)
  const real = parseScramVerifier(asked?.scramVerifier?.reveal() ?? '')
  return { verifier: real ?? madeUp, isReal: real !== undefined }
}

/** Everything that may have changed while the client computed its proof is read again. */
async function decide(
  ports: AdmitLoginPorts,
  request: LoginRequest,
  known: DatabaseInstance,
  proved: RoleFacts,
) {
  const { instanceUid, roleName } = request
  const database = databaseToAskFor(request)
  const readAt = ports.remembered.changes
  const [asked, instance] = await Promise.all([
    outcomeOf(ports.roles.loadRoleFacts(known, roleName, database)),
    loadReachableInstance(ports.instances, instanceUid),
  ])
  ports.remembered.learnInstance(instance, readAt)
  const role = await roleAt(ports, { instance: known, roleName, database }, instance, asked)
  const verdict = decideNativeLogin({ now: ports.clock(), instance, roleName, role, proved })
  if (verdict.outcome === 'refused') throw new RefusedError(verdict)
  return { instance, role: verdict.role }
}

/** Only for the audit record. */
function whyFailed(asked: RoleFacts | undefined, isReal: boolean): string {
  if (asked === undefined) return 'there is no such role'
  return isReal ? 'the password is wrong' : 'the role has no password for SCRAM-SHA-256'
}

const failed = ({ roleName }: LoginRequest, why: string): RefusedError =>
  refused('password_authentication_failed', { role: roleName }, why)
