"""porlake inside Airflow: the connection type for endpoints, settings of a task, Airflow on the embedded default."""
