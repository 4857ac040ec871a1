#include "base/base.h"

#include "app/stop.h"

void stop_init(StopSwitch *stop)
{
	*stop = (StopSwitch){ 0 };
	pthread_mutex_init(&stop->lock, NULL);
}

void stop_fini(StopSwitch *stop)
{
	pthread_mutex_destroy(&stop->lock);
}

void stop_throw(StopSwitch *stop)
{
	pthread_mutex_lock(&stop->lock);
	stop->is_thrown = true;
	if (stop->sf)
		sf_client_stop(stop->sf);
	pthread_mutex_unlock(&stop->lock);
}

bool stop_is_thrown(StopSwitch *stop)
{
	pthread_mutex_lock(&stop->lock);
	bool is_thrown = stop->is_thrown;
	pthread_mutex_unlock(&stop->lock);
	return is_thrown;
}

void stop_watch(StopSwitch *stop, SfClient *sf)
{
	pthread_mutex_lock(&stop->lock);
	stop->sf = sf;
	if (sf && stop->is_thrown)
		sf_client_stop(sf);
	pthread_mutex_unlock(&stop->lock);
}
