/** The certificates of the settings: expiry, the key, the chain, and whether they are for the names that clients use. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import path from 'node:path'
import type { Finding } from '../../../cli/operator/doctor.ts'
import { gatewayDomainOf, publicUrlOf } from '../../../config/gateway-settings.ts'
import type { LoadedSettings } from '../../../config/load.ts'
import { hasCode } from '../../../instances/embedded/error-code.ts'
import { ok, warning, wrong, type CheckContext } from './finding.ts'

const CHECK = 'certificates'
const DAY_MS = 24 * 60 * 60 * 1000
const SOON_DAYS = 21

interface Pair {
  readonly certificateFile: string
  readonly keyFile: string
  /** Names that clients ask for, as a certificate must cover them. */
  readonly names: readonly string[]
}

export async function checkCertificates(context: CheckContext): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const pair of pairsOf(context.settings)) findings.push(...(await checkPair(pair, context.now)))
  findings.push(...(await checkAuthority(context)))
  return findings
}

/** As composition/certificates.ts chooses them: HTTP has its own, or those of the gateway. */
function pairsOf(settings: LoadedSettings): readonly Pair[] {
  const domain = gatewayDomainOf(settings)
  const url = publicUrlOf(settings)
  const host = url?.startsWith('https:') === true ? [new URL(url).hostname.replace(/^\[|\]$/g, '')] : []
  const ofInstances = domain === undefined ? [] : [`instance-0.${domain}`]
  const gateway = filesOf(settings, 'tls-certificate-file', 'tls-key-file')
  const http = filesOf(settings, 'http-certificate-file', 'http-key-file')
  return [
    ...(gateway === undefined
      ? []
      : [{ ...gateway, names: http === undefined ? [...ofInstances, ...host] : ofInstances }]),
    ...(http === undefined ? [] : [{ ...http, names: host }]),
  ]
}

function filesOf(
  settings: LoadedSettings,
  certificate: 'tls-certificate-file' | 'http-certificate-file',
  key: 'tls-key-file' | 'http-key-file',
): Omit<Pair, 'names'> | undefined {
  const certificateFile = settings[certificate].value
  const keyFile = settings[key].value
  return certificateFile === undefined || keyFile === undefined ? undefined : { certificateFile, keyFile }
}

async function checkPair({ certificateFile, keyFile, names }: Pair, now: Date): Promise<readonly Finding[]> {
  let chain: readonly X509Certificate[]
  try {
    chain = readChain(await readFile(certificateFile, 'utf8'))
  } catch (error) {
    return [
      wrong(
        CHECK,
        `${certificateFile} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
        'Put a PEM chain there, the certificate of the server first.',
      ),
    ]
  }
  const [leaf] = chain
  if (leaf === undefined)
    return [wrong(CHECK, `${certificateFile} holds no certificate.`, 'Put a PEM chain there.')]
  const findings = [
    ...checkTimes(certificateFile, leaf, now),
    ...(await checkKey(certificateFile, keyFile, leaf)),
    ...checkChain(certificateFile, chain),
    ...checkNames(certificateFile, leaf, names),
  ]
  return findings.length === 0
    ? [
        ok(
          CHECK,
          `${certificateFile} is valid until ${new Date(leaf.validTo).toISOString()}, and fits its key.`,
        ),
      ]
    : findings
}

function readChain(pem: string): readonly X509Certificate[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  return found.map((certificate) => new X509Certificate(certificate))
}

const RENEW = 'Renew it and put the new one into the same file: it is read again within seconds.'

function checkTimes(file: string, certificate: X509Certificate, now: Date): readonly Finding[] {
  const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)]
  if (now < from)
    return [
      wrong(
        CHECK,
        `${file} is valid only from ${from.toISOString()} on.`,
        'Check the clock of this machine, or wait.',
      ),
    ]
  if (now >= to) return [wrong(CHECK, `${file} expired at ${to.toISOString()}.`, RENEW)]
  const days = Math.floor((to.getTime() - now.getTime()) / DAY_MS)
  return days >= SOON_DAYS ? [] : [warning(CHECK, `${file} expires in ${String(days)} days.`, RENEW)]
}

async function checkKey(
  file: string,
  keyFile: string,
  certificate: X509Certificate,
): Promise<readonly Finding[]> {
  try {
    return certificate.checkPrivateKey(createPrivateKey(await readFile(keyFile, 'utf8')))
      ? []
      : [
          wrong(
            CHECK,
            `The key in ${keyFile} does not belong to ${file}.`,
            'Put the key there that it was made with.',
          ),
        ]
  } catch (error) {
    // OpenSSL's own words say nothing about what is in the file.
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    return [
      wrong(
        CHECK,
        `${keyFile} holds no private key that can be read${code}.`,
        'Put an unencrypted PEM key there.',
      ),
    ]
  }
}

/** Each is signed by the next. The root may be left out: clients have it. */
function checkChain(file: string, chain: readonly X509Certificate[]): readonly Finding[] {
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1]
    if (issuer === undefined) continue
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey))
      return [
        wrong(
          CHECK,
          `${file}: the certificate ${String(index + 2)} did not sign the one before it, so clients cannot follow the chain.`,
          'Put the certificate of the server first, then that of its issuer, and so on.',
        ),
      ]
  }
  return []
}

function checkNames(
  file: string,
  certificate: X509Certificate,
  names: readonly string[],
): readonly Finding[] {
  const missing = names.filter(
    (name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) === undefined,
  )
  return missing.map((name) =>
    wrong(
      CHECK,
      `${file} is not for ${name.replace(/^instance-0\./, '*.')}, which clients ask for.`,
      `Get a certificate for that name too${certificate.subjectAltName === undefined ? '' : ` (this one is for ${certificate.subjectAltName})`}.`,
    ),
  )
}

/** Lakegate's own, which clients were given; the certificates below it are made and renewed by themselves. */
async function checkAuthority({ dataDirectory, now }: CheckContext): Promise<readonly Finding[]> {
  const file = path.join(dataDirectory, 'ca.pem')
  try {
    const certificate = new X509Certificate(await readFile(file, 'utf8'))
    const findings = checkTimes(file, certificate, now)
    return findings.length === 0
      ? [
          ok(
            CHECK,
            `Lakegate’s own authority (${file}) is valid until ${new Date(certificate.validTo).toISOString()}.`,
          ),
        ]
      : findings
  } catch (error) {
    // Before the first start, and on a gateway alone.
    if (hasCode(error, 'ENOENT')) return []
    return [
      warning(
        CHECK,
        `${file} is no certificate.`,
        'Start Lakegate again: it makes the file from its system database.',
      ),
    ]
  }
}
