// Reads a manifest with the platform's own checker: cloudron-manifest.mjs FOLDER-OF-THE-CHECKER MANIFEST. Says what is wrong.
import { createRequire } from 'node:module';
const [folder, manifest] = process.argv.slice(2);
const checker = createRequire(`${folder}/package.json`)('cloudron-manifestformat');
const { manifest: read, error } = checker.parseFile(manifest);
if (error) {
  console.error(error.message);
  process.exit(1);
}
// What the store asks for beyond that, with what only a published image has.
const published = { ...read, dockerImage: `cloudron/${read.id}:${read.version}`, mediaLinks: ['https://hauspost.org/screenshot.png'] };
const missing = checker.checkAppstoreRequirements(published);
if (missing) {
  console.error(missing.message);
  process.exit(1);
}
console.log(read.version);
