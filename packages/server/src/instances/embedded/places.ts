/**
 * Where everything of one cluster is. The directory itself, the marker, the configuration and `log` are ours; `data`,
 * `server-log` and the directory of the socket belong to the account that runs PostgreSQL (own-directories.ts).
 */
import path from 'node:path'

export interface ClusterPlaces {
  readonly directory: string
  readonly marker: string
  /** Complete or absent. */
  readonly data: string
  readonly configuration: string
  /** What the postmaster prints before its logging collector runs. */
  readonly log: string
  /** Directory with one log file per weekday. */
  readonly serverLog: string
}

export const placesOf = (directory: string): ClusterPlaces => ({
  directory,
  marker: path.join(directory, 'lakegate-cluster.json'),
  data: path.join(directory, 'data'),
  configuration: path.join(directory, 'configuration'),
  log: path.join(directory, 'log'),
  serverLog: path.join(directory, 'server-log'),
})
