/**
 * What operators deploy: the proxies' configurations run for real before two stream nodes, and the files for containers, Prometheus and Grafana are
 * held to what the services really have. Backup, restore and migrations under load are tried here too.
 */
@NullMarked
package chat.parley.systemtests.deployment;

import org.jspecify.annotations.NullMarked;
