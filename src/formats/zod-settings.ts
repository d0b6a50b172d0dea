// zod would compile each schema into a function of its own. That pays off from some thousands of documents on; every run of kubekiln reads three.
import { config } from 'zod';

config({ jitless: true });
