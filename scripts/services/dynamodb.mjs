import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../programs.mjs'
import { aptInstall, run } from './apt.mjs'

const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
const FOLDER = join(cache, 'konserve-ts', 'dynamodb-local-2.6.1')
const LIBRARIES = join(FOLDER, 'lib')
const SOURCES = fileURLToPath(new URL('dynamodb/', import.meta.url))
const find = () => findProgram(['KONSERVE_JAVA'], ['java'])

/**
 * DynamoDB Local, in memory; with the arguments `-dbPath .` on disk, and with `-cors ORIGIN` for the pages of an origin.
 * It takes any credentials whose key id is of letters and digits.
 *
 * @type {import('../services.mjs').ServiceDefinition}
 */
export const dynamodb = {
  missing: 'It needs Java 17: `apt-get install maven openjdk-17-jdk-headless`, then `npm run services -- install`.',
  isThere: () => find() !== undefined && existsSync(join(FOLDER, 'LoopbackServer.class')),
  install() {
    const packages = [
      ...(findProgram([], ['mvn']) ? [] : ['maven']),
      ...(findProgram([], ['javac']) ? [] : ['openjdk-17-jdk-headless']),
    ]
    if (packages.length > 0) aptInstall(...packages)
    rmSync(FOLDER, { recursive: true, force: true })
    mkdirSync(FOLDER, { recursive: true })
    const pom = join(SOURCES, 'pom.xml')
    run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${LIBRARIES}`])
    // What says that the server is there is made last.
    run('javac', ['-cp', join(LIBRARIES, '*'), '-d', FOLDER, join(SOURCES, 'LoopbackServer.java')])
  },
  launch({ port, folder, args }) {
    const url = `http://127.0.0.1:${port}`
    return {
      program: find() ?? 'java',
      args: [
        '-Xmx512m',
        `-Djava.library.path=${LIBRARIES}`,
        // It unpacks a library there, and leaves it when it is killed.
        `-Djava.io.tmpdir=${folder}`,
        '-cp',
        [FOLDER, join(LIBRARIES, '*')].join(delimiter),
        'LoopbackServer',
        '-port',
        String(port),
        '-sharedDb',
        '-disableTelemetry',
        ...(args.includes('-dbPath') ? [] : ['-inMemory']),
        ...args,
      ],
      url,
      isReady: () =>
        fetch(url).then(
          () => true,
          () => false,
        ),
    }
  },
}
